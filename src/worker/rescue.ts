import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloneGit } from './clone-git.ts';

/** Where work is kept that nobody committed, in this clone alone. */
const rescueFolder = 'refs/coord-rescue';

/**
 * Commits what is changed or untracked in a worktree, what is ignored aside, without touching index or files.
 * @returns the ref that keeps it, or null when there is nothing
 * @throws CoordError `unavailable`; then nothing may be deleted
 */
export async function rescueChanges(git: CloneGit, dir: string, task: string): Promise<string | null> {
  const status = await git.text(['status', '--porcelain', '-z', '--untracked-files=all'], { dir });
  if (status === '') return null;
  const gitDir = await git.text(['rev-parse', '--path-format=absolute', '--git-dir'], { dir });
  const index = join(gitDir, `coord-rescue-index-${process.pid}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    const hasHead = (await git.try(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { dir })).status === 0;
    // a copy knows what a sparse worktree leaves out, and what needn't be read again
    if (existsSync(join(gitDir, 'index'))) await copyFile(join(gitDir, 'index'), index);
    await git.text(['add', '--all', '--', '.'], { dir, env });
    const tree = await git.text(['write-tree'], { dir, env });
    const message = `Uncommitted work of ${task}`;
    const commit = await git.text(['commit-tree', '-m', message, ...(hasHead ? ['-p', 'HEAD'] : []), tree], {
      dir,
      env: nobody,
    });
    return await keepCommit(git, commit, task);
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/** Keeps what a detached HEAD has committed. @returns the ref, or null when branches have all of it */
export async function rescueCommits(git: CloneGit, dir: string, task: string): Promise<string | null> {
  const head = (await git.try(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { dir })).stdout
    .toString('utf8')
    .trim();
  if (head === '') return null;
  const kept = ['--branches', '--remotes', `--glob=${rescueFolder}`];
  const own = await git.text(['rev-list', '--max-count=1', head, '--not', ...kept], { dir });
  return own === '' ? null : keepCommit(git, head, task);
}

/** Keeps a commit that no branch will name any more. @returns its ref */
export async function keepCommit(git: CloneGit, commit: string, task: string): Promise<string> {
  const ref = `${rescueFolder}/${task}/${commit.slice(0, 12)}`;
  await git.text(['update-ref', ref, commit]);
  return ref;
}

/** A machine on which git was never told a name can still rescue. */
const nobody = {
  GIT_AUTHOR_NAME: 'git-coord',
  GIT_AUTHOR_EMAIL: 'git-coord@localhost',
  GIT_COMMITTER_NAME: 'git-coord',
  GIT_COMMITTER_EMAIL: 'git-coord@localhost',
};
