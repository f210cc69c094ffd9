/**
 * One attempt at a task that is claimed: a worktree, the work, and what comes of it.
 *
 *   it can't begin              released: no worktree, or what it needs can't be read; another machine may do better
 *   the work fails              failed: open again after a backoff, or a dead letter that keeps the end of the log
 *   its time ran out            failed
 *   its claim is lost           stopped; what was done stays in this clone
 *   the worker is told to end   stopped and released
 *   it succeeds, commits        gates, then the landing, or its own branch for a review
 *   it succeeds, no commits     done, with its result
 *   it doesn't merge            failed, and the next attempt begins at the target as it is then
 *   a gate says no              failed; the next attempt goes on from the work
 */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { whileActive } from '../../coordinator/stay-active.ts';
import type { Json } from '../../domain/task.ts';
import type { TaskView } from '../../domain/view.ts';
import { CoordError } from '../../errors.ts';
import { leaveWorktree } from '../leave-worktree.ts';
import { type StartedWorktree, startWorktree } from '../start-worktree.ts';
import { markFor } from '../strays.ts';
import { type Deliver, deliver, type Made } from './deliver.ts';
import type { Attempt, AttemptEnd, Work, WorkerEvent, WorkResult } from './events.ts';
import { ProgressReporter } from './progress-reporter.ts';
import type { Slot } from './slot.ts';
import { type ClaimWatch, watchClaim } from './watch-claim.ts';

export interface AttemptRequest extends Deliver {
  readonly work: Work;
  /** The worker is told to end at once. */
  readonly stop: AbortSignal;
  readonly onEvent: (event: WorkerEvent) => void;
}

export interface AttemptReport {
  readonly end: AttemptEnd;
  /** When the work itself began and ended; null: it never began. Milliseconds of the process's clock. */
  readonly ran: { readonly fromMs: number; readonly toMs: number } | null;
  /** No task can be worked on here. */
  readonly impossible: string | null;
}

/** Never throws for what can go wrong with a task. */
export async function runAttempt(slot: Slot, task: TaskView, request: AttemptRequest): Promise<AttemptReport> {
  const branch = slot.branchOf(task.id);
  let worktree: StartedWorktree;
  let results: Attempt['results'];
  try {
    results = await slot.book.resultsOfNeeds(task);
    worktree = await startWorktree(slot.worktrees, {
      task: task.id,
      branch,
      target: slot.target,
      fresh: false,
      isFirst: task.term === 1,
    });
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    const end = await released(slot, task.id, `it could not begin: ${error.message}`);
    // without a target branch no task can be worked on
    return { end, ran: null, impossible: error.code === 'not-found' ? error.message : null };
  }
  const watch = watchClaim({
    book: slot.book,
    task: task.id,
    stop: request.stop,
    goesOn: slot.goesOnWhenLost,
    onStep: (text) => request.onEvent({ type: 'step', task: task.id, text }),
  });
  try {
    const { result, ran } = await work(slot, { task, results }, worktree.dir, watch, request);
    const end = await endOf(slot, task, worktree, watch, request, result);
    await leave(slot, task.id, end, request);
    return { end, ran, impossible: result.kind === 'impossible' ? result.reason : null };
  } finally {
    await watch.end();
  }
}

async function work(
  slot: Slot,
  { task, results }: Pick<Attempt, 'task' | 'results'>,
  dir: string,
  watch: ClaimWatch,
  request: AttemptRequest,
) {
  const { book, newsApartMs } = slot;
  const tell = async ({ text, percent }: { text: string; percent: number | null }) => {
    await book.progress(task.id, text, percent);
  };
  const reporter = new ProgressReporter(tell, newsApartMs);
  const fromMs = performance.now();
  request.onEvent({
    type: 'started',
    task: task.id,
    title: task.title,
    term: task.term,
    worktree: dir,
    log: request.work.logOf?.(task.id, task.term) ?? null,
  });
  const result = await request.work.run({
    task,
    term: task.term,
    dir,
    results,
    mark: markFor(dir),
    signal: watch.signal,
    agent: book.who.agent,
    session: book.who.session,
    progress: (text, percent) => {
      watch.touch();
      reporter.say({ text, percent });
      request.onEvent({ type: 'progress', task: task.id, text, percent });
    },
  });
  const ran = { fromMs, toMs: performance.now() };
  await reporter.end();
  return { result, ran };
}

async function endOf(
  slot: Slot,
  task: TaskView,
  worktree: StartedWorktree,
  watch: ClaimWatch,
  request: AttemptRequest,
  result: WorkResult,
): Promise<AttemptEnd> {
  const stopped = await endOfStopped(slot, task.id, watch, result);
  if (stopped !== null) return stopped;
  if (result.kind === 'impossible') return released(slot, task.id, result.reason);
  if (result.kind === 'failed') return failed(slot, task.id, result.reason);
  const { dir, point } = worktree;
  const began = point?.from === 'new' ? point.commit : null;
  return delivered(slot, task, dir, watch, request, { result: result.result as Json, began });
}

/** Null: it wasn't stopped. */
async function endOfStopped(
  slot: Slot,
  id: string,
  watch: ClaimWatch,
  result: WorkResult | null,
): Promise<AttemptEnd | null> {
  const why = watch.why();
  if (why === null || why.kind === 'lost') return why;
  if (why.kind === 'stopped') return released(slot, id, 'the worker was stopped');
  if (why.over !== null) return { kind: 'failed', reason: why.reason, dead: why.over.state === 'failed' };
  const tail = result?.kind === 'failed' ? result.reason.split('\n').slice(1) : [];
  return failed(slot, id, [why.reason, ...tail].join('\n'));
}

/** The remote is away, or somebody's worktree is in the way of the branch: neither is the work's fault. */
const mayStillLand = (error: CoordError): boolean =>
  error.code === 'unavailable' || error.code === 'unknown' || error.says('waits');

/** The server said no to the push, or git in this clone to what it was told: for a while that may be chance. */
const isRefusal = (error: CoordError): boolean => error.says('refused') || error.says('local');
const refusalsMax = 5;

const retryMsFirst = 500;
const retryMsMax = 30_000;

/** With the remote away the work is kept, and tried again for as long as the claim may still be ours. */
async function delivered(
  slot: Slot,
  task: TaskView,
  dir: string,
  watch: ClaimWatch,
  request: AttemptRequest,
  made: Made,
): Promise<AttemptEnd> {
  const onStep = (text: string): void => request.onEvent({ type: 'step', task: task.id, text });
  let refusals = 0;
  for (let retryMs = retryMsFirst; ; retryMs = Math.min(2 * retryMs, retryMsMax)) {
    try {
      // the deadline is the command's: checks have time limits of their own, and a landing may have to wait for its turn
      return await whileActive(slot.book.context, task.id, () =>
        deliver(slot, task, dir, request, made, { signal: watch.signal, onStep }),
      );
    } catch (error) {
      if (!(error instanceof CoordError)) throw error;
      // what breaks when it is stopped says nothing of the work
      const stopped = await endOfStopped(slot, task.id, watch, null);
      if (stopped !== null) return stopped;
      if (error.code === 'lost' || error.code === 'held') return { kind: 'lost', reason: error.message };
      if (isRefusal(error)) refusals++;
      if (!mayStillLand(error) || !existsSync(dir) || refusals > refusalsMax)
        return failed(slot, task.id, wordsOf(error), error.code);
      onStep(`not landed yet: ${error.message}`);
    }
    await delay(retryMs, undefined, { signal: watch.signal }).catch(() => {});
    const stopped = await endOfStopped(slot, task.id, watch, null);
    if (stopped !== null) return stopped;
  }
}

const wordsOf = ({ message, hint }: CoordError): string => (hint === undefined ? message : `${message}\n${hint}`);

async function failed(slot: Slot, id: string, reason: string, code?: CoordError['code']): Promise<AttemptEnd> {
  return ending(async () => {
    const { state } = await slot.book.fail(id, reason).catch((error: unknown) => failedByDaemon(slot, id, error));
    return { kind: 'failed', reason, dead: state === 'failed', ...(code === 'conflict' && { anew: true }) };
  }, reason);
}

/** Its deadline passed a moment sooner for the daemon than for us. */
async function failedByDaemon({ book }: Slot, id: string, error: unknown): Promise<TaskView> {
  if (!(error instanceof CoordError) || error.code !== 'lost') throw error;
  const task = await book.show(id);
  if (task.error?.code === 'timeout' && task.term === book.context.held.get(id)?.term) return task;
  throw error;
}

async function released(slot: Slot, id: string, reason: string): Promise<AttemptEnd> {
  return ending(async () => {
    await slot.book.release(id);
    return { kind: 'released', reason };
  }, reason);
}

/** Where not even this can be told, the claim runs out by itself: no daemon beats it for a worker that has ended. */
async function ending(action: () => Promise<AttemptEnd>, reason: string): Promise<AttemptEnd> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    return { kind: 'lost', reason: `${reason}; ${error.message}` };
  }
}

async function leave(slot: Slot, task: string, end: AttemptEnd, { onEvent }: AttemptRequest): Promise<void> {
  const landed = end.kind === 'landed' ? end : null;
  const anew = end.kind === 'failed' && end.anew === true;
  try {
    await leaveWorktree(slot.worktrees, { task, branch: slot.branchOf(task), target: slot.target, landed, anew });
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    onEvent({ type: 'problem', text: `the worktree of ${task} was not freed: ${error.message}` });
  }
}
