import type { ForeignObjects } from '../transport/port.ts';

/** The clone's code, as a landing needs it. */
export interface LandingCode {
  /** `refs/heads/…` */
  readonly target: string;
  /** Lent to the push; absent where book and branch are refs of one repository. */
  readonly objects: ForeignObjects | undefined;
  /** Where the target is now; its history is in the clone afterwards. @throws CoordError `not-found`, `unavailable` */
  targetTip(): Promise<string>;
  /** The work on top of this commit; `message`: of a merge. @throws CoordError `conflict` (no common history) */
  replay(
    onto: string,
    message: string,
  ): Promise<
    | { readonly kind: 'ready'; readonly commit: string; readonly how: string }
    | { readonly kind: 'nothing' }
    | { readonly kind: 'conflict'; readonly commit: string; readonly files: readonly string[] }
  >;
  /** Whether the second commit is among the first one's ancestors. */
  contains(tip: string, commit: string): Promise<boolean>;
  /**
   * Has the worktree follow, where the work is checked out, so that checks find the result there.
   * @throws CoordError `not-ready` when it can't
   */
  checkOut(commit: string): Promise<void>;
  /** There are checks to run. */
  readonly isChecked: boolean;
  /**
   * Runs the quality gates on what has come about since `from`, unless they have passed on the same tree before.
   * @throws CoordError `gate-failed`
   */
  check(from: string, commit: string): Promise<void>;
  /**
   * Makes the push that moves the branch, and has worktrees that show the branch follow it.
   * @throws CoordError `not-ready` when a worktree could not follow; and what `push` throws
   */
  moving<T extends { readonly kind: string }>(from: string, to: string, push: () => Promise<T>): Promise<T>;
  /** After the push: what of the clone hasn't followed yet does. Answers in words what could not. */
  arrived(from: string, to: string): Promise<string | null>;
}
