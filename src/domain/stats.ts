import type { Task, TaskNote } from './task.ts';

/**
 * Figures from the logs of tasks, by agent and type of task; nothing is written for them. Times are those that the agents' own
 * machines wrote down: for people alone.
 *
 * A tenure counts from its claim or takeover to what ended it: `succeeded` (done, or sent to review), `failed` (it failed, or
 * its lease, owner or deadline ran out), or neither (released, cancelled).
 */
export interface StatsRow {
  readonly agent: string;
  readonly type: string;
  /** Tenures that succeeded or failed. */
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Null: none has ended. */
  readonly successRate: number | null;
  /** Of those that succeeded; null: none has. */
  readonly durationMs: { readonly mean: number; readonly p50: number; readonly p95: number } | null;
  /** Succeeded in an hour of work, its tenures added up. Null: it has worked less than `ratedMsMin`. */
  readonly tasksPerHour: number | null;
  /** The part of the time from its first claim to its last end in which it held one of these tasks, from 0 to 1. */
  readonly utilization: number | null;
  /** From when a task was open to its claim, on average. */
  readonly waitMs: number | null;
  /** Tasks that it took up after another tenure had failed, and brought to a good end. */
  readonly recoveries: number;
}

export interface Tenure {
  readonly agent: string;
  readonly type: string;
  readonly waitMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly end: 'succeeded' | 'failed' | 'neither';
  /** The tenure before it failed. */
  readonly recovers: boolean;
}

/** What counts of one step of a task's log. */
export interface HistoryStep extends Pick<TaskNote, 'op' | 'at'> {
  readonly task: Pick<Task, 'state' | 'type' | 'holder'>;
}

/** One task's log, oldest first. */
export type TaskHistory = readonly HistoryStep[];

/** What was done in a moment says nothing of an hour: one task of 3 s would be 1,200 of them. */
const ratedMsMin = 10 * 60_000;

export function statsOf(histories: readonly TaskHistory[]): StatsRow[] {
  const groups = new Map<string, Tenure[]>();
  for (const tenure of histories.flatMap(tenuresOf)) {
    const key = JSON.stringify([tenure.agent, tenure.type]);
    groups.set(key, [...(groups.get(key) ?? []), tenure]);
  }
  return [...groups.values()].map(rowOf).sort((a, b) => order(a.agent, b.agent) || order(a.type, b.type));
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The tenures of one task that have ended, oldest first. */
export function tenuresOf(history: TaskHistory): Tenure[] {
  const tenures: Tenure[] = [];
  let openMs: number | null = null;
  let begun: { task: HistoryStep['task']; fromMs: number; waitMs: number } | null = null;
  let failedBefore = false;
  for (const { op, at, task } of history) {
    const atMs = Date.parse(at);
    if (begun !== null && (op === 'take-over' || task.state !== 'claimed')) {
      const end = endOf(op);
      const { task: own, fromMs, waitMs } = begun;
      const agent = own.holder?.agent ?? 'unknown';
      tenures.push({
        agent,
        type: own.type,
        waitMs,
        fromMs,
        toMs: Math.max(fromMs, atMs),
        end,
        recovers: failedBefore,
      });
      if (end !== 'neither') failedBefore = end === 'failed';
      begun = null;
    }
    if (op === 'claim' || op === 'take-over')
      begun = { task, fromMs: atMs, waitMs: openMs === null ? 0 : Math.max(0, atMs - openMs) };
    if (task.state !== 'open') openMs = null;
    else openMs ??= atMs;
  }
  return tenures;
}

function endOf(op: TaskNote['op']): Tenure['end'] {
  if (op === 'done' || op === 'review') return 'succeeded';
  return op === 'fail' || op === 'expire' || op === 'take-over' ? 'failed' : 'neither';
}

function rowOf(tenures: readonly Tenure[]): StatsRow {
  const [{ agent, type } = { agent: '', type: '' }] = tenures;
  const good = tenures.filter(({ end }) => end === 'succeeded');
  const failed = tenures.filter(({ end }) => end === 'failed').length;
  const total = good.length + failed;
  const durations = good.map(({ fromMs, toMs }) => toMs - fromMs).sort((a, b) => a - b);
  const workMs = sum(tenures.map(({ fromMs, toMs }) => toMs - fromMs));
  return {
    agent,
    type,
    total,
    succeeded: good.length,
    failed,
    successRate: total === 0 ? null : good.length / total,
    durationMs:
      durations.length === 0
        ? null
        : {
            mean: Math.round(sum(durations) / durations.length),
            p50: rank(durations, 0.5),
            p95: rank(durations, 0.95),
          },
    tasksPerHour: workMs < ratedMsMin ? null : (good.length * 3_600_000) / workMs,
    utilization: utilizationOf(tenures),
    waitMs: tenures.length === 0 ? null : Math.round(sum(tenures.map(({ waitMs }) => waitMs)) / tenures.length),
    recoveries: good.filter(({ recovers }) => recovers).length,
  };
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** The nearest rank, of values in order. */
const rank = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;

/** Times in which it held several tasks count once. */
function utilizationOf(tenures: readonly Tenure[]): number | null {
  const spans = [...tenures].sort((a, b) => a.fromMs - b.fromMs);
  const fromMs = spans[0]?.fromMs ?? 0;
  let untilMs = fromMs;
  let heldMs = 0;
  for (const span of spans) {
    heldMs += Math.max(0, span.toMs - Math.max(untilMs, span.fromMs));
    untilMs = Math.max(untilMs, span.toMs);
  }
  return untilMs === fromMs ? null : heldMs / (untilMs - fromMs);
}
