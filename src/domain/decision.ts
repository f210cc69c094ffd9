import type { HeldClaim } from './claim.ts';
import type { Task, TaskOp } from './task.ts';

/** What becomes of the claim ref in the push that moves the task. */
export type LeaseChange = 'keep' | 'free' | HeldClaim;

export type Via = 'free' | 'created' | 'takeover' | 'force' | 'already-mine';

/** Why a request was refused. Each is a value: nothing broke. */
export type Refusal =
  | { readonly reason: 'not-found' }
  | { readonly reason: 'bad-note'; readonly why: string }
  | { readonly reason: 'went-back' }
  | {
      readonly reason: 'held';
      readonly agent: string;
      readonly session: string | null;
      readonly claim: HeldClaim | null;
    }
  | { readonly reason: 'lost'; readonly how: LostHow; readonly agent: string | null; readonly archived?: true }
  | { readonly reason: 'not-claimed' }
  | { readonly reason: 'wrong-state'; readonly state: Task['state']; readonly error: string | null }
  | { readonly reason: 'blocked'; readonly by: readonly string[] }
  /** Of needs: the way from the task back to itself. */
  | { readonly reason: 'circle'; readonly way: readonly string[] }
  | { readonly reason: 'paused' }
  | { readonly reason: 'reserved'; readonly agent: string }
  /** The agent has not these skills, which the task requires. */
  | { readonly reason: 'lacking'; readonly agent: string; readonly skills: readonly string[] }
  | { readonly reason: 'exists' }
  /** It is over, and its id is never used again. */
  | { readonly reason: 'archived' };

/** `ended`: by the holder's own hand. `restored`: the remote had lost it, and who held it since isn't known. */
export type LostHow = 'taken-over' | 'expired' | 'cancelled' | 'finished' | 'ended' | 'restored';

/**
 * A decider's answer. `again`: when this write has won, decide once more on the fresh record (a takeover beyond the
 * retry limit is an expiry first). `reclaim`: the tenure was pruned and nobody took the task: claim it again, then go on.
 */
export type Decision =
  | {
      readonly kind: 'write';
      readonly op: TaskOp;
      readonly task: Task;
      readonly lease: LeaseChange;
      readonly via?: Via;
      readonly again?: true;
    }
  | { readonly kind: 'unchanged'; readonly via?: Via }
  | { readonly kind: 'reclaim' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export const refused = (refusal: Refusal): Decision => ({ kind: 'refused', refusal });

/** What every transition needs from outside: a name, the time for people, and a new nonce. */
export interface Stamp {
  readonly by: string;
  readonly at: string;
  readonly nonce: string;
}
