import type { Progress } from './task.ts';

/** The lease of a task: it says only that the holder of a tenure is alive (protocol 1, 3, 7). */
export interface HeldClaim {
  v: 1;
  kind: 'claim';
  state: 'held';
  task: string;
  term: number;
  agent: string;
  session: string;
  tenure: string;
  /** Random; a new one begins with every piece of news and after a lapse, so that old values can't come back. */
  cycle: string;
  ttlMs: number;
  claimedAt: string;
  /** 0..63, comes round. */
  beat: number;
  progress: Progress | null;
}

/** Stands for absence where deletions are refused or a lock blocks them. */
export interface ReleasedClaim {
  v: 1;
  kind: 'claim';
  state: 'released';
  task: string;
  term: number;
  nonce: string;
}

export type ClaimNote = HeldClaim | ReleasedClaim;

/**
 * What the claim ref shows. Absence and a `released` record are one value, `free`; a ref without a valid note is a claim
 * all the same (plain git made it), held by `unknown`.
 */
export type Lease =
  | { readonly kind: 'free'; readonly oid: string | null }
  | { readonly kind: 'held'; readonly oid: string; readonly claim: HeldClaim }
  | { readonly kind: 'unreadable'; readonly oid: string };

/** How long a claim without a readable note counts as alive. */
export const unreadableTtlMs = 30 * 60_000;
