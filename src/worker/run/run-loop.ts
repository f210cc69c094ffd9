/**
 * The worker: takes tasks while there are places for them, and works on each until it has ended.
 *
 *   running    free places take what is ready; when nothing is, it looks again after a while, or when a task of its own ended
 *   finishing  told to end once: nothing new is taken, what is in work goes on
 *   stopping   told twice, or by SIGTERM: what is in work is stopped and given back
 *   ended      nothing is in work any more; or, to drain, nothing is left that it may come to do
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { capabilitiesOf } from '../../coordinator/agent-beats.ts';
import { queueOf } from '../../coordinator/book-view.ts';
import { type Filter, isChosen } from '../../coordinator/filter.ts';
import { readAgents } from '../../coordinator/read-agents.ts';
import { pausedText } from '../../domain/decide-queue.ts';
import type { TaskView } from '../../domain/view.ts';
import { CoordError } from '../../errors.ts';
import { type AttemptReport, runAttempt } from './attempt.ts';
import type { AttemptEnd, Work, WorkerEvent } from './events.ts';
import { leftToDo } from './left-to-do.ts';
import type { Slot } from './slot.ts';
import { type Attended, utilization } from './utilization.ts';

export interface RunRequest {
  readonly slots: readonly Slot[];
  readonly work: Work;
  readonly filter: Filter;
  readonly viaBranch: boolean;
  /** End when nothing unfinished is left that it can do. */
  readonly drain: boolean;
  readonly pollIntervalMs: number;
  /** Told to take nothing new. */
  readonly finish: AbortSignal;
  /** Told to end at once. */
  readonly stop: AbortSignal;
  readonly onEvent: (event: WorkerEvent) => void;
}

export interface RunReport {
  /** How many attempts ended in each way. */
  readonly ended: Readonly<Record<AttemptEnd['kind'], number>>;
  readonly dead: readonly string[];
  readonly utilization: number | null;
  /** Why nothing can be worked on here. */
  readonly impossible: string | null;
}

/** Places of one worker that claim at the same time meet seldom: each begins elsewhere in the queue. */
const claimsAtOnceMax = 3;

/** A defect in one attempt is not to end those of the other places. */
async function brokenAttempt({ book }: Slot, id: string, error: unknown): Promise<AttemptReport> {
  const reason = `a defect in git-coord: ${error instanceof Error ? error.message : String(error)}`;
  const task = await book.fail(id, reason).catch(() => null);
  return { end: { kind: 'failed', reason, dead: task?.state === 'failed' }, ran: null, impossible: null };
}

/** With the remote away, or no worktree to be had, it looks again later and later, at least so often. */
const problemMsMax = 30_000;

export async function runWorker(request: RunRequest): Promise<RunReport> {
  return new Worker(request).run();
}

interface Place {
  readonly slot: Slot;
  /** Free since: milliseconds of the process's clock. */
  readonly sinceMs: number;
}

class Worker {
  readonly #request: RunRequest;
  readonly #free: Place[];
  readonly #claiming = new Set<Promise<void>>();
  readonly #inWork = new Set<Promise<void>>();
  readonly #attended: Attended[] = [];
  readonly #ended = { landed: 0, review: 0, done: 0, failed: 0, lost: 0, released: 0 };
  readonly #dead: string[] = [];
  /** When nothing was ready at last. */
  #emptyMs = 0;
  /** Nothing was ready when it was looked last. */
  #isEmpty = false;
  #problemMs = 0;
  #unbegunMs = 0;
  #taken = 0;
  #impossible: string | null = null;
  readonly #broken = new AbortController();
  #saidIdle = false;
  #failure: { readonly error: unknown } | null = null;
  #isAwake = false;
  #wakeUp: () => void = () => {};
  #landing: Promise<unknown> = Promise.resolve();

  constructor(request: RunRequest) {
    this.#request = request;
    this.#free = request.slots.map((slot) => ({ slot, sinceMs: performance.now() }));
    // each task in work listens
    setMaxListeners(0, request.stop, request.finish);
  }

  async run(): Promise<RunReport> {
    const { finish, stop } = this.#request;
    const wake = (): void => this.#wake();
    for (const signal of [finish, stop]) signal.addEventListener('abort', wake);
    try {
      await this.#takeAll();
    } catch (error) {
      // what is in work must not go on without us
      this.#broken.abort();
      throw error;
    } finally {
      await Promise.all(this.#claiming);
      await Promise.all(this.#inWork);
      for (const signal of [finish, stop]) signal.removeEventListener('abort', wake);
    }
    // of a claim that was under way when it was told to end
    if (this.#failure) throw this.#failure.error;
    return this.#report();
  }

  async #takeAll(): Promise<void> {
    while (!this.#mustEnd()) {
      if (!this.#isEmpty) this.#claimForFree();
      const [place] = this.#claiming.size + this.#inWork.size === 0 ? this.#free : [];
      const looks = this.#request.drain || !this.#saidIdle;
      if (place && looks && (await this.#isDrained(place.slot)) && this.#request.drain) return;
      await this.#pause();
      if (this.#failure) throw this.#failure.error;
    }
  }

  #claimForFree(): void {
    const left = (this.#request.filter.limit ?? Number.POSITIVE_INFINITY) - this.#taken - this.#claiming.size;
    for (const place of this.#free.splice(0, Math.min(claimsAtOnceMax - this.#claiming.size, left))) {
      const claim = this.#take(place)
        .catch((error: unknown) => {
          this.#failure = { error };
        })
        .finally(() => {
          this.#claiming.delete(claim);
          this.#wake();
        });
      this.#claiming.add(claim);
    }
  }

  #mustEnd(): boolean {
    const { finish, stop } = this.#request;
    const limitReached = this.#taken >= (this.#request.filter.limit ?? Number.POSITIVE_INFINITY);
    return finish.aborted || stop.aborted || limitReached || this.#impossible !== null;
  }

  async #take(place: Place): Promise<void> {
    const { slot, sinceMs } = place;
    const ended = this.#attended.length;
    const task = await this.#claimNext(slot);
    // one that ended while it was looked may have made others ready
    this.#isEmpty = task === null && this.#attended.length === ended;
    if (task === null) {
      this.#free.push(place);
      return;
    }
    this.#saidIdle = false;
    this.#taken++;
    const attempt = this.#attempt(slot, task, Math.max(sinceMs, this.#emptyMs)).finally(() => {
      this.#inWork.delete(attempt);
      this.#free.push({ slot, sinceMs: performance.now() });
      this.#isEmpty = false;
      this.#wake();
    });
    this.#inWork.add(attempt);
  }

  async #claimNext(slot: Slot): Promise<TaskView | null> {
    try {
      const { task } = await slot.book.next(
        this.#request.filter,
        slot.claim,
        `git coord run (${slot.book.who.session})`,
      );
      this.#problemMs = 0;
      return task;
    } catch (error) {
      if (!(error instanceof CoordError)) throw error;
      if (error.code === 'not-ready') {
        this.#problemMs = 0;
        this.#emptyMs = performance.now();
        return null;
      }
      // the remote is away, or a push is not settled: the next call of this place settles it
      if (error.code !== 'unavailable' && error.code !== 'unknown') throw error;
      this.#request.onEvent({ type: 'problem', text: error.message });
      this.#problemMs = Math.min(Math.max(2 * this.#problemMs, this.#request.pollIntervalMs), problemMsMax);
      return null;
    }
  }

  async #attempt(slot: Slot, task: TaskView, freeMs: number): Promise<void> {
    const startedMs = performance.now();
    const { work, viaBranch, onEvent } = this.#request;
    const stop = AbortSignal.any([this.#request.stop, this.#broken.signal]);
    const request = { work, viaBranch, stop, onEvent, inTurn: this.#inTurn };
    const { end, ran, impossible } = await runAttempt(slot, task, request).catch((error: unknown) =>
      brokenAttempt(slot, task.id, error),
    );
    this.#attended.push({ freeMs, ran, endMs: performance.now() });
    this.#impossible ??= impossible;
    this.#ended[end.kind]++;
    if (end.kind === 'failed' && end.dead) this.#dead.push(task.id);
    onEvent({ type: 'ended', task: task.id, durationMs: Math.round(performance.now() - startedMs), end });
    // what could not even begin must not be taken again at once
    if (end.kind !== 'released' || ran !== null) this.#unbegunMs = 0;
    else {
      this.#unbegunMs = Math.min(Math.max(2 * this.#unbegunMs, this.#request.pollIntervalMs), problemMsMax);
      await delay(this.#unbegunMs, undefined, { signal: this.#request.finish }).catch(() => {});
    }
  }

  readonly #inTurn = <T>(action: () => Promise<T>): Promise<T> => {
    const turn = this.#landing.then(action);
    this.#landing = turn.catch(() => {});
    return turn;
  };

  async #isDrained({ book }: Slot): Promise<boolean> {
    if (this.#problemMs > 0) return false;
    try {
      const { tasks, read } = await book.list({});
      const agents = await readAgents(book.context);
      const others = agents.filter(({ status }) => status !== 'offline').map(({ capabilities }) => capabilities);
      const skills = { own: capabilitiesOf(book.context, book.who.agent), others };
      const left = leftToDo(tasks, skills, (task) => isChosen(task, this.#request.filter));
      if (!this.#saidIdle && (left.length > 0 || !this.#request.drain))
        this.#request.onEvent({ type: 'idle', left: left.length, paused: pausedText(queueOf(book.context, read)) });
      this.#saidIdle = true;
      return left.length === 0;
    } catch (error) {
      if (error instanceof CoordError && error.code === 'unavailable') return false;
      throw error;
    }
  }

  /** Until the next look, or until something has ended. */
  async #pause(): Promise<void> {
    const pollMs = Math.max(this.#request.pollIntervalMs, this.#problemMs) * (0.75 + Math.random() / 2);
    const looksAgain = this.#isEmpty && this.#free.length > 0 && this.#claiming.size === 0;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#wakeUp(), looksAgain ? pollMs : 2 ** 31 - 1);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#isAwake || this.#mustEnd()) this.#wakeUp();
    });
    if (!this.#isAwake) this.#isEmpty = false;
    this.#isAwake = false;
  }

  #wake(): void {
    this.#isAwake = true;
    this.#wakeUp();
  }

  #report(): RunReport {
    return {
      ended: this.#ended,
      dead: this.#dead,
      utilization: utilization(this.#attended),
      impossible: this.#impossible,
    };
  }
}
