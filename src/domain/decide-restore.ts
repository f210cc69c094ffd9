import type { Task } from './task.ts';

/**
 * What becomes of a task of which the remote shows less than this clone has seen there (protocol 5, "A book that went back").
 * Pure.
 *
 *   the remote shows                                      last seen here as
 *                                                         done, cancelled    open, claimed, review, failed
 *   gone       nothing                                    put back           reopened
 *   behind     an ancestor of what was seen               put back           reopened
 *   restored   what another clone, which had seen less,   on top             on top, reopened; left when somebody
 *              has put back                                                  holds it there
 *   elsewhere  another history                            left               left
 *
 *   put back   the very commit that was seen
 *   reopened   a `repair` on it: nobody holds it, and its term is so much higher that none can have been given out twice
 *   on top     as it was seen, or as reopened, as a `repair` that has both histories as parents: nothing but being put back has happened there
 *   left       the remote's state is newer, and stays; this clone follows it
 */
export type LossStanding = 'gone' | 'behind' | 'restored' | 'elsewhere';

export type Restoring =
  | { readonly kind: 'put back' }
  | { readonly kind: 'reopened' | 'on top'; readonly task: Task }
  | { readonly kind: 'left' };

/** What could have been begun after this clone looked last. */
export const restoredTerms = 1000;

export interface Loss {
  readonly standing: LossStanding;
  /** As this clone saw it last. */
  readonly kept: Task;
  /** Its term at the remote; 0: none is to be seen. */
  readonly termThere: number;
  readonly isHeldThere: boolean;
  /** The target has commits that name it: it landed after this clone looked last, which a review settles. */
  readonly carried: Task['review'];
}

export function decideRestore({ standing, kept, termThere, isHeldThere, carried }: Loss): Restoring {
  if (standing === 'elsewhere') return { kind: 'left' };
  const isOver = kept.state === 'done' || kept.state === 'cancelled';
  if (standing === 'restored') {
    const newest = { ...kept, term: Math.max(kept.term, termThere) };
    if (isOver) return { kind: 'on top', task: newest };
    return isHeldThere ? { kind: 'left' } : { kind: 'on top', task: reopened(newest, carried) };
  }
  return isOver ? { kind: 'put back' } : { kind: 'reopened', task: reopened(kept, carried) };
}

function reopened(kept: Task, carried: Task['review']): Task {
  const task = { ...kept, term: kept.term + restoredTerms, holder: null, reserved: null };
  if (kept.state === 'failed' || kept.state === 'review') return task;
  if (carried !== null) return { ...task, state: 'review', review: carried };
  const attempts = kept.state === 'claimed' ? Math.max(0, kept.attempts - 1) : kept.attempts;
  return { ...task, state: 'open', attempts };
}
