/** One attempt, in milliseconds of one clock. */
export interface Attended {
  /** When its place was free for it: something was ready. */
  readonly freeMs: number;
  /** When the command began and ended; null: it never ran. */
  readonly ran: { readonly fromMs: number; readonly toMs: number } | null;
  readonly endMs: number;
}

/**
 * How much of the time for which places had work commands ran: the rest went into claiming, worktrees, checks and landing. Time in
 * which nothing was ready doesn't count. Null before anything has ended.
 */
export function utilization(attempts: readonly Attended[]): number | null {
  const sum = (msOf: (attempt: Attended) => number) => attempts.reduce((total, one) => total + msOf(one), 0);
  const wholeMs = sum(({ freeMs, endMs }) => endMs - freeMs);
  return wholeMs <= 0 ? null : sum(({ ran }) => (ran === null ? 0 : ran.toMs - ran.fromMs)) / wholeMs;
}
