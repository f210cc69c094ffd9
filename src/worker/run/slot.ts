import type { Book, ClaimRequest } from '../../coordinator/book.ts';
import type { LandingPlace } from '../landing-code.ts';
import type { WorktreePlace } from '../task-worktrees.ts';

/** While something is landed. */
export interface Doing {
  /** Ends the checks that run. */
  readonly signal: AbortSignal;
  readonly onStep: (text: string) => void;
}

/** One of a worker's places for a task: a claimant of its own, since a session does one thing at a time. */
export interface Slot {
  readonly book: Book;
  /** How it claims: with the worker's process as the owner. */
  readonly claim: ClaimRequest;
  readonly worktrees: WorktreePlace;
  /** `refs/heads/…`, for a task. */
  readonly branchOf: (task: string) => string;
  /** `refs/heads/…`: where work lands. */
  readonly target: string;
  readonly landingPlace: (dir: string, task: string, doing: Doing) => LandingPlace;
  readonly attemptsMax: number;
  /** `coordination.on_lease_lost: continue` */
  readonly goesOnWhenLost: boolean;
  /** Between two pieces of news of one task: a host may limit pushes. */
  readonly newsApartMs: number;
}
