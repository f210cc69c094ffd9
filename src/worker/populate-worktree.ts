import { writeWorktreeIdentity } from '../config/identity-file.ts';
import { type NewWorktree, removeMade, restoreBranch } from './add-worktree.ts';
import { branchName } from './branch-tips.ts';
import { firstWords, gitFailure } from './clone-git.ts';
import { markFor } from './strays.ts';
import type { WorktreePlace } from './task-worktrees.ts';
import { writeMark } from './worktree-mark.ts';

/** A worktree that was taken for a task, before its files are there. */
export interface TakenWorktree extends NewWorktree {
  readonly how: 'reused' | 'made';
  readonly gitDir: string;
  /** The task that it was for before; of a new one, the task itself. */
  readonly before: string;
  /** There are files to be cleaned away. */
  readonly dirty: boolean;
}

/**
 * Checks the branch out, with the user's hook, and gives the worktree its identity.
 * @throws CoordError `unavailable` with git's words
 */
export async function populateWorktree(place: WorktreePlace, taken: TakenWorktree): Promise<void> {
  const { git } = place;
  const { dir, branch, commit, dirty, gitDir } = taken;
  const flags = ['--quiet', '--force', '--no-track', '-B', branchName(branch)];
  const env = markFor(dir).on({});
  // before the checkout: what its hook makes stays
  if (dirty) await git.text(['clean', '--quiet', '--force', '-d'], { dir });
  const { status, stderr } = await git.try(['checkout', ...flags, commit], { dir, env, withHooks: true });
  if (status !== 0) {
    const isComplete = (await git.try(['diff-index', '--quiet', 'HEAD', '--'], { dir })).status === 0;
    const isThere =
      (await git.try(['symbolic-ref', '--quiet', 'HEAD'], { dir })).stdout.toString('utf8').trim() === branch;
    if (!isComplete || !isThere) throw gitFailure(`checkout in ${dir}`, stderr);
    place.notice(`the hook post-checkout failed in ${dir}: ${firstWords(stderr)}`);
  }
  await writeWorktreeIdentity(gitDir, place.machine, place.identity);
}

/** After a failure: nothing of it stays. */
export async function undoWorktree({ git }: WorktreePlace, taken: TakenWorktree): Promise<void> {
  if (taken.how === 'made') return removeMade(git, taken);
  await git.try(['checkout', '--quiet', '--force', '--detach'], { dir: taken.dir });
  await restoreBranch(git, taken);
  await writeMark(taken.gitDir, taken.before, 'left').catch(() => {
    // the disk is full: the mark says `making`, and its maker has ended
  });
}
