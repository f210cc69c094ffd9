import type { HeldClaim } from './claim.ts';
import { beatsInCycle } from './lease-times.ts';
import type { Progress } from './task.ts';

/**
 * The heartbeat as a record (protocol 7). It holds no clock: it is a function of the claim, its progress, the cycle and
 * the beat, so that from the second round on no beat makes an object that the remote lacks.
 */

/** The next beat. A new cycle begins with news, and with the first beat after the lease lapsed by the holder's clock. */
export function nextBeat(claim: HeldClaim, news: Progress | null, lapsed: boolean, newCycle: string): HeldClaim {
  if (news === null && !lapsed) return { ...claim, beat: (claim.beat + 1) % beatsInCycle };
  return { ...claim, progress: news ?? claim.progress, cycle: newCycle, beat: 0 };
}

/** Half an interval must have passed since the last beat was sent, whatever became of it (protocol 7). */
export const beatIsAllowed = (intervalMs: number, sinceLastSentMs: number): boolean =>
  sinceLastSentMs >= intervalMs / 2;
