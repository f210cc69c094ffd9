import type { Seen } from './seen.ts';

/**
 * Whom to believe about a push (protocol 5): the task ref, read again.
 *
 * task ref shows                                answer
 * our commit, or it is among the ancestors      applied
 * another value than the one we expected        superseded: ours can't be applied any more
 * the value that we expected                    open: send the same again; with a fresh claim oid if only a beat moved it
 */
export interface Expected {
  /** The task's value before; null: absent. */
  readonly taskFrom: string | null;
  readonly taskTo: string;
  readonly claimFrom: string | null;
  /** What becomes of the claim ref. */
  readonly claim: { readonly kind: 'keep' | 'free' | 'hold' };
  /** The tenure that the operation stands on, for an operation of the holder; null for all others. */
  readonly holderTenure: string | null;
}

export type Settled =
  | { readonly kind: 'applied' }
  | { readonly kind: 'superseded' }
  /** `claimFrom`: the value to expect of the claim when the same push is sent again. */
  | { readonly kind: 'resend'; readonly claimFrom: string | null };

/** `isAncestor`: our commit is among the ancestors of the task's tip, as far as they could be read. */
export function settle(expected: Expected, seen: Seen, isAncestor: boolean): Settled {
  const tip = seen.task.kind === 'absent' ? null : seen.task.oid;
  if (tip === expected.taskTo || isAncestor) return { kind: 'applied' };
  if (tip !== expected.taskFrom) return { kind: 'superseded' };
  const claim = seen.lease.oid;
  if (claim === expected.claimFrom || expected.claim.kind === 'keep') return { kind: 'resend', claimFrom: claim };
  // The claim moved. A holder's operation isn't aimed at a certain beat; a takeover or expiry is, and must not follow it.
  if (expected.holderTenure === null) return { kind: 'superseded' };
  const ours = seen.lease.kind === 'held' && seen.lease.claim.tenure === expected.holderTenure;
  return ours || seen.lease.kind === 'free' ? { kind: 'resend', claimFrom: claim } : { kind: 'superseded' };
}
