import { identityPath, readLines, writeWorktreeIdentity } from '../config/identity-file.ts';
import { CoordError } from '../errors.ts';
import { branchName } from './branch-tips.ts';
import { isFree, isWithin, removeWorktree, type TaskWorktree, type WorktreePlace } from './task-worktrees.ts';
import type { Worktree } from './worktree-list.ts';
import { endOrphans, isBeingMade, writeMark } from './worktree-mark.ts';

/**
 * The worktree in which a task's work is already; null: none. One that another agent of this clone has left is taken over
 * with what is there. @throws CoordError `not-ready` when somebody is at work in it
 */
export async function homeOf(
  place: WorktreePlace,
  { branch, task }: { readonly branch: string; readonly task: string },
  all: readonly Worktree[],
  marked: readonly TaskWorktree[],
): Promise<string | null> {
  const own = marked.find((one) => (one.mark.task === task && one.mark.state !== 'left') || one.branch === branch);
  if (own === undefined) {
    const other = all.find((one) => one.branch === branch);
    if (other === undefined || isWithin(process.cwd(), other.dir)) return other?.dir ?? null;
    if (other.gone) throw isAway(branch, other.dir);
    throw inUse(branch, other.dir, `git -C ${other.dir} switch --detach`);
  }
  if (own.mark.state === 'making') {
    if (isBeingMade(own.mark)) throw inUse(branch, own.dir, `git coord start ${task}`);
    // its git may go on without it, and would write into the next worktree of that name
    await endOrphans(own.dir, own.mark);
    await removeWorktree(place, own);
    return null;
  }
  if (!(await isOurs(place, own)) && !(await isFree({ ...place, isHeld: () => false }, own)))
    throw inUse(branch, own.dir, `git -C ${own.dir} status`);
  await writeWorktreeIdentity(own.gitDir, place.machine, place.identity);
  await writeMark(own.gitDir, task, 'ready');
  return own.dir;
}

async function isOurs({ identity }: WorktreePlace, { gitDir }: TaskWorktree): Promise<boolean> {
  const { agent, session } = await readLines(identityPath(gitDir));
  return agent === identity.agent && session === identity.session;
}

function isAway(branch: string, dir: string): CoordError {
  return new CoordError('not-ready', `${branchName(branch)} is checked out in ${dir}, which is not there now`, {
    hint: 'If it is gone for good, git can be told to forget it.',
    next: ['git worktree prune'],
  });
}

function inUse(branch: string, dir: string, next: string): CoordError {
  return new CoordError('not-ready', `${branchName(branch)} is checked out in ${dir}, which is in use`, {
    hint: 'Work on there, or free the branch.',
    next: [next],
  });
}
