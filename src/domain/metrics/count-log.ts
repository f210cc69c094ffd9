import { tenuresOf } from '../stats.ts';
import type { TaskNote } from '../task.ts';
import { logCounters as counters, logHistograms as histograms } from './definitions.ts';
import { count, type Totals, time } from './totals.ts';

/** A step of a task's log; null: it can't be read. */
export type LogStep = Pick<TaskNote, 'op' | 'at' | 'task'> | null;

/**
 * What a task's log says beyond its first steps, which were counted before, added to the totals. Times are those that the
 * agents' own machines wrote down: for people alone.
 * @param steps all of it, oldest first
 */
export function countLog(totals: Totals, steps: readonly LogStep[], countedBefore: number): void {
  let before: LogStep = null;
  for (const [at, step] of steps.entries()) {
    if (at >= countedBefore) countStep(totals, step, before);
    before = step ?? before;
  }
  const readable = (some: readonly LogStep[]) => some.filter((step) => step !== null);
  const ended = tenuresOf(readable(steps));
  // a log only grows, and so do its tenures
  const known = tenuresOf(readable(steps.slice(0, countedBefore))).length;
  for (const { agent, type, waitMs, fromMs, toMs, end } of ended.slice(known)) {
    count(totals, counters.ended, [agent, type, end]);
    time(totals, histograms.wait, [], waitMs);
    if (end !== 'neither') time(totals, histograms.run, [end], toMs - fromMs);
  }
}

function countStep(totals: Totals, step: LogStep, before: LogStep): void {
  if (step === null) return;
  const { op, task } = step;
  // a claim of what isn't there makes it
  if (op === 'add' || (op === 'claim' && before === null)) count(totals, counters.added);
  if (op === 'take-over') count(totals, counters.takeovers);
  if (op === 'expire') count(totals, counters.expired);
  const failed = op === 'fail' || op === 'expire';
  if ((failed && task.state === 'open') || op === 'retry') count(totals, counters.retries);
  if (task.state === 'failed' && before?.task.state !== 'failed' && op !== 'repair')
    count(totals, counters.deadLetters);
}
