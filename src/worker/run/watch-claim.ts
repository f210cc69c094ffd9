import { setTimeout as delay } from 'node:timers/promises';
import type { Book } from '../../coordinator/book.ts';
import { stayActive } from '../../coordinator/stay-active.ts';
import type { TaskView } from '../../domain/view.ts';
import { CoordError } from '../../errors.ts';

/**
 * Watches the tenure of a task in work. The daemon keeps it alive and notes in the clone's ledger what it finds; here is looked
 * what the ledger says, and the attempt is stopped:
 *
 *   lost       somebody else has the task, or it is over; what was pruned and nobody took is claimed again (protocol 6)
 *   deadline   nothing was heard of the work for the task's timeout (protocol 9)
 */
export interface ClaimWatch {
  /** Aborted with one of them, or when the worker stops. */
  readonly signal: AbortSignal;
  /** Why it was stopped; null: it wasn't. */
  readonly why: () => StopReason | null;
  /** Something was heard of the work. */
  readonly touch: () => void;
  end(): Promise<void>;
}

export type StopReason =
  | { readonly kind: 'lost'; readonly reason: string }
  /** `over`: the daemon was first, and has failed it. */
  | { readonly kind: 'deadline'; readonly reason: string; readonly over: TaskView | null }
  | { readonly kind: 'stopped' };

export interface WatchRequest {
  readonly book: Book;
  readonly task: string;
  /** The worker's own: it ends. */
  readonly stop: AbortSignal;
  /** Whether work goes on when the claim is lost (`coordination.on_lease_lost`); what lands is decided by the landing. */
  readonly goesOn: boolean;
  readonly onStep: (text: string) => void;
}

const lookMs = 200;
/** The daemon fails it at the deadline too, but keeps nothing of its log. */
const sooner = (timeoutMs: number): number => Math.min(500, timeoutMs / 10);
/** A daemon that was killed is started again. */
const wakeMs = 10_000;

export function watchClaim({ book, task, stop, goesOn, onStep }: WatchRequest): ClaimWatch {
  const { context } = book;
  const [aborted, ended] = [new AbortController(), new AbortController()];
  let why: StopReason | null = null;
  const halt = (reason: StopReason): void => {
    why ??= reason;
    aborted.abort();
  };
  const onStop = (): void => halt({ kind: 'stopped' });
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();

  const touch = (): void => stayActive(context, task);
  const look = async (): Promise<void> => {
    const entry = context.held.get(task);
    if (entry === null) return goesOn ? undefined : halt({ kind: 'lost', reason: 'its claim was ended in this clone' });
    const { timeoutMs, activeBootMs, lost } = entry.state;
    if (lost === true && !goesOn) return lostOrTakenBack(book, task, halt, onStep);
    const idleMs = context.clock.bootMs() - activeBootMs;
    if (lost === true || timeoutMs === 0 || idleMs < timeoutMs - sooner(timeoutMs)) return;
    // the daemon would fail it while it is being stopped
    touch();
    halt({ kind: 'deadline', reason: `nothing was heard of it for ${Math.round(timeoutMs / 1000)} s`, over: null });
  };
  const loop = async (): Promise<void> => {
    let wokenMs = performance.now();
    while (!ended.signal.aborted) {
      if (why === null) await look();
      // while it is being stopped the claim is still ours
      else if (why.kind !== 'lost') touch();
      if (performance.now() - wokenMs > wakeMs) {
        wokenMs = performance.now();
        await book.stayAlive();
      }
      await delay(lookMs, undefined, { signal: ended.signal }).catch(() => {});
    }
  };
  const looping = loop();
  return {
    signal: aborted.signal,
    why: () => why,
    touch,
    async end() {
      stop.removeEventListener('abort', onStop);
      ended.abort();
      await looping;
    },
  };
}

async function lostOrTakenBack(
  book: Book,
  task: string,
  halt: (reason: StopReason) => void,
  onStep: (text: string) => void,
): Promise<void> {
  try {
    const over = await book.show(task);
    const { error, term, state } = over;
    const isOver = state === 'open' || state === 'failed';
    if (isOver && error?.code === 'timeout' && term === book.context.held.get(task)?.term)
      return halt({ kind: 'deadline', reason: error.message, over });
    const [renewed] = (await book.renew([task])).tasks;
    onStep(`its claim had lapsed, and is ours again (term ${renewed?.term})`);
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    // with the remote away nothing is known yet
    if (error.code === 'unavailable' || error.code === 'unknown') return;
    halt({ kind: 'lost', reason: error.message });
  }
}
