import { tipOf, trackingRef } from './branch-tips.ts';
import type { CloneGit } from './clone-git.ts';
import { isAncestor } from './replay.ts';
import { keepCommit } from './rescue.ts';
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
  /** What landed, and the end of the branch of which it was made. */
  readonly landed: { readonly commit: string; readonly work: string } | null;
  /** What is on its branch is kept aside: the next attempt begins anew. */
  readonly anew?: boolean;
}

/**
 * After a task ended: its branch goes if all of it is in the target, its worktree becomes free for the next task. Files stay as
 * they are, also those that nobody committed: they are kept when the worktree is used again or removed.
 * @returns the worktree, if its branch is gone and no branch is checked out there any more
 * @throws CoordError `unavailable`
 */
export async function leaveWorktree(place: WorktreePlace, leaving: Leaving): Promise<string | null> {
  return withWorktreesLock(place.coordDir, async () => {
    const marked = await taskWorktrees(place.git);
    const left = marked.find(({ mark }) => mark.task === leaving.task && mark.state === 'ready');
    if (left === undefined) return null;
    const at = await dropBranch(place, leaving, left);
    await writeMark(left.gitDir, leaving.task, 'left', at);
    const marks = marked.map((one) => (one === left ? { ...one, mark: { ...one.mark, state: 'left' as const } } : one));
    await removeSurplus(place, marks);
    return at === null ? null : left.dir;
  });
}

/**
 * Not one that is checked out elsewhere, or has what the target lacks.
 * @returns the commit that stays checked out, if nothing is lost with the branch
 */
async function dropBranch(
  { git, remote, notice }: WorktreePlace,
  leaving: Leaving,
  { dir, branch, head: tip }: TaskWorktree,
): Promise<string | null> {
  if (branch !== leaving.branch) return null;
  const known = remote === null ? leaving.target : trackingRef(remote, leaving.target);
  const target = leaving.landed?.commit ?? (await tipOf(git, known));
  if (tip === null || target === null) return null;
  // whoever starts the task again finds it there
  if (leaving.landed === null && leaving.anew !== true && (await isDirty(git, dir))) return null;
  if (tip !== target && tip !== leaving.landed?.work && !(await isAncestor(git, tip, target))) {
    if (leaving.anew !== true) return null;
    notice(`what was done for ${leaving.task} is kept as ${await keepCommit(git, tip, leaving.task)}`);
  }
  const detached = await git.try(['checkout', '--quiet', '--detach'], { dir });
  if (detached.status !== 0) return null;
  await git.try(['update-ref', '-d', branch, tip]);
  return tip;
}

async function isDirty(git: CloneGit, dir: string): Promise<boolean> {
  return (await git.text(['status', '--porcelain', '-z'], { dir })) !== '';
}
