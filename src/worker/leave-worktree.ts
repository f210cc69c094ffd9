import { tipOf, trackingRef } from './branch-tips.ts';
import { isAncestor } from './replay.ts';
import {
  removeSurplus,
  type TaskWorktree,
  taskWorktrees,
  type WorktreePlace,
  withWorktreesLock,
} from './task-worktrees.ts';
import { writeMark } from './worktree-mark.ts';

export interface Leaving {
  readonly task: string;
  /** `refs/heads/…` */
  readonly branch: string;
  /** `refs/heads/…` */
  readonly target: string;
  /** What landed. */
  readonly landed: string | null;
}

/**
 * After a task ended: its branch goes if all of it is in the target, its worktree becomes free for the next task. Files stay as
 * they are, also those that nobody committed: they are kept when the worktree is used again or removed.
 * @throws CoordError `unavailable`
 */
export async function leaveWorktree(place: WorktreePlace, leaving: Leaving): Promise<void> {
  await withWorktreesLock(place.coordDir, async () => {
    const left = (await taskWorktrees(place)).find(
      (one) => one.mark.task === leaving.task && one.mark.state === 'ready',
    );
    if (left === undefined) return;
    await dropBranch(place, leaving, left);
    await writeMark(left.gitDir, leaving.task, 'left');
    await removeSurplus(place);
  });
}

/** Not one that is checked out elsewhere, or has what the target lacks. */
async function dropBranch(
  { git, remote }: WorktreePlace,
  leaving: Leaving,
  { dir, branch }: TaskWorktree,
): Promise<void> {
  if (branch !== leaving.branch) return;
  const tip = await tipOf(git, branch);
  const known = remote === null ? leaving.target : trackingRef(remote, leaving.target);
  const target = leaving.landed ?? (await tipOf(git, known));
  if (tip === null || target === null || !(await isAncestor(git, tip, target))) return;
  const detached = await git.try(['checkout', '--quiet', '--detach'], { dir });
  if (detached.status === 0) await git.try(['update-ref', '-d', branch, tip]);
}
