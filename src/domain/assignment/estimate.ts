import type { StatsRow } from '../stats.ts';

/**
 * How long an agent is expected to take to a good end of a task of some type, in milliseconds:
 *
 *   duration   the mean of those of its own that succeeded, drawn to that of all agents for the type, as if 2 more tasks had taken so
 *              long; that one is drawn in the same way to the mean of all tasks
 *   success    its share of good ends, drawn in the same way to the type's and to the one of all tasks, that to 1
 *   expected   duration / success: what fails is tried again, and takes as long. A success below 0.05 counts as that
 *
 * Without any history all is alike. Times come from the agents' own clocks; a difference of two by the same clock is all that counts.
 */
export type Estimate = (agent: string, type: string) => number;

const pseudoTasks = 2;
const successMin = 0.05;
/** Any will do: without history only comparisons with itself are made. */
const unknownMs = 60_000;

interface Totals {
  readonly ended: number;
  readonly succeeded: number;
  readonly workMs: number;
}

const none: Totals = { ended: 0, succeeded: 0, workMs: 0 };

export function estimatesOf(rows: readonly StatsRow[]): Estimate {
  const own = new Map<string, Map<string, Totals>>();
  const ofType = new Map<string, Totals>();
  let all = none;
  for (const row of rows) {
    const totals = { ended: row.total, succeeded: row.succeeded, workMs: row.succeeded * (row.durationMs?.mean ?? 0) };
    own.set(row.agent, (own.get(row.agent) ?? new Map<string, Totals>()).set(row.type, totals));
    ofType.set(row.type, plus(ofType.get(row.type) ?? none, totals));
    all = plus(all, totals);
  }
  const overall = { ms: all.succeeded === 0 ? unknownMs : all.workMs / all.succeeded, success: drawnSuccess(all, 1) };
  return (agent, type) => {
    const usual = drawn(ofType.get(type) ?? none, overall);
    const { ms, success } = drawn(own.get(agent)?.get(type) ?? none, usual);
    return ms / Math.max(successMin, success);
  };
}

const plus = (a: Totals, b: Totals): Totals => ({
  ended: a.ended + b.ended,
  succeeded: a.succeeded + b.succeeded,
  workMs: a.workMs + b.workMs,
});

function drawn(totals: Totals, to: { readonly ms: number; readonly success: number }): typeof to {
  const ms = (totals.workMs + pseudoTasks * to.ms) / (totals.succeeded + pseudoTasks);
  return { ms, success: drawnSuccess(totals, to.success) };
}

const drawnSuccess = ({ ended, succeeded }: Totals, to: number): number =>
  (succeeded + pseudoTasks * to) / (ended + pseudoTasks);
