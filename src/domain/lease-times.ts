/**
 * The times of a lease, all derived from its ttl (protocol 6). Milliseconds.
 *
 * Two clocks, never compared with another machine's: a holder counts from the moment before it sent a beat, on a clock
 * that goes on in suspend; an observer counts from the end of the read that showed a value, on one that stops there.
 */

/** How often a holder beats: a third of the ttl. Two beats may fail before the lease lapses. */
export const intervalMs = (ttlMs: number): number => Math.round(ttlMs / 3);

/** How much sooner than its ttl a holder counts its own lease as lapsed. */
export const marginMs = (ttlMs: number): number => Math.round(ttlMs / 10);

/** How much longer than its ttl an observer waits. */
export const graceMs = (ttlMs: number): number => Math.max(500, Math.round(ttlMs / 25));

/** How long a value must have stood still before somebody else may try. */
export const standstillMs = (ttlMs: number): number => ttlMs + graceMs(ttlMs);

/** Two sightings further apart than this prove nothing: beats come round (protocol 6, 7). */
export const sightingGapMaxMs = (ttlMs: number): number => 3 * ttlMs;

/** How often a waiter or sweeper looks. */
export const pollMs = (ttlMs: number): number => Math.max(100, Math.round(ttlMs / 10));

export const beatsInCycle = 64;

/** The nearest interval that a ttl allows: T/8 to T/3. A shorter one could bring a cycle round too soon (protocol 7). */
export function clampIntervalMs(ttlMs: number, wantedMs: number | 'auto'): number {
  if (wantedMs === 'auto') return intervalMs(ttlMs);
  return Math.round(Math.min(Math.max(wantedMs, ttlMs / 8), ttlMs / 3));
}
