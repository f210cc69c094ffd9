import { randomBytes } from 'node:crypto';
import { type Board, type Change, changeOf, emptyBoard, messageFor } from './board.ts';

const changesMax = 100;

export interface FeedMessage {
  /** Where a page goes on that was cut off after this message. */
  readonly id: string;
  /** JSON; null: nothing of it is for this page. */
  readonly data: string | null;
}

/**
 * What pages are told, in order. The newest changes are kept, so that a page that was away for a while goes on where it was;
 * one that was away for longer, or knows another server, is told everything. Each page asks for its next message when it has
 * taken the last: nothing is buffered for a slow one.
 */
export class Feed {
  readonly #epoch = randomBytes(6).toString('hex');
  #board: Board = emptyBoard;
  readonly #changes: Change[] = [];
  #count = 0;
  #waiting = new Set<() => void>();

  get board(): Board {
    return this.#board;
  }

  publish(board: Board): void {
    const change = changeOf(this.#board, board);
    this.#board = board;
    if (change === null) return;
    this.#changes.push(change);
    if (this.#changes.length > changesMax) this.#changes.shift();
    this.#count++;
    for (const wake of this.#waiting) wake();
  }

  /** What follows on `after` for a page that shows this workflow; null: nothing yet. */
  next(after: string | null, workflow: string): FeedMessage | null {
    const position = this.#positionOf(after);
    if (position === this.#count) return null;
    if (position === null) {
      const data = messageFor({ set: this.#board, gone: new Map() }, workflow) ?? '"set":{},"gone":{}';
      return { id: this.#idOf(this.#count), data: `{"whole":true,${data}}` };
    }
    const change = this.#changes.at(position - this.#count) as Change;
    const data = messageFor(change, workflow);
    return { id: this.#idOf(position + 1), data: data === null ? null : `{${data}}` };
  }

  /** Until something is published, time has passed, or the signal says so. */
  changed(ms: number, signal: AbortSignal): Promise<'changed' | 'passed'> {
    return new Promise((resolve) => {
      const end = (why: 'changed' | 'passed'): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve(why);
      };
      const wake = (): void => end('changed');
      const timer = setTimeout(() => end('passed'), ms);
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
  }

  #idOf = (count: number): string => `${this.#epoch}.${count}`;

  /** How much of what was published it has been told; null: all must be told. */
  #positionOf(id: string | null): number | null {
    const [epoch, count = ''] = id?.split('.') ?? [];
    const position = /^\d{1,12}$/.test(count) ? Number(count) : Number.NaN;
    const isKept = position <= this.#count && position >= this.#count - this.#changes.length;
    return epoch === this.#epoch && isKept ? position : null;
  }
}
