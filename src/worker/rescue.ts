import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloneGit } from './clone-git.ts';

/** Where work is kept that nobody committed, in this clone alone. */
const rescueFolder = 'refs/coord-rescue';

export interface Rescued {
  /** What keeps it, nothing to nobody. */
  readonly refs: readonly string[];
  /** There was something changed or untracked. */
  readonly wasDirty: boolean;
}

/**
 * Keeps what a worktree has and no branch: what is changed or untracked there, what is ignored aside, and the commits of a
 * detached HEAD. Index and files stay as they are.
 * @param known a commit that is kept otherwise
 * @throws CoordError `unavailable`; then nothing may be deleted
 */
export async function rescue(git: CloneGit, dir: string, task: string, known: string | null): Promise<Rescued> {
  const flags = ['--porcelain=v2', '--branch', '-z', '--untracked-files=all'];
  const lines = (await git.text(['status', ...flags], { dir })).split('\0').filter((line) => line !== '');
  const header = (name: string) => lines.find((line) => line.startsWith(`# branch.${name} `))?.split(' ')[2];
  const [head = '(initial)', branch] = [header('oid'), header('head')];
  const hasHead = head !== '(initial)';
  const wasDirty = lines.some((line) => !line.startsWith('# '));
  const refs: string[] = [];
  if (wasDirty) refs.push(await rescueChanges(git, dir, task, hasHead));
  if (hasHead && branch === '(detached)' && head !== known) refs.push(...(await rescueCommits(git, dir, task, head)));
  return { refs, wasDirty };
}

async function rescueChanges(git: CloneGit, dir: string, task: string, hasHead: boolean): Promise<string> {
  const gitDir = await git.text(['rev-parse', '--path-format=absolute', '--git-dir'], { dir });
  const index = join(gitDir, `coord-rescue-index-${process.pid}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    // a copy knows what a sparse worktree leaves out, and what needn't be read again
    if (existsSync(join(gitDir, 'index'))) await copyFile(join(gitDir, 'index'), index);
    await git.text(['add', '--all', '--', '.'], { dir, env });
    const tree = await git.text(['write-tree'], { dir, env });
    const parents = hasHead ? ['-p', 'HEAD'] : [];
    const message = ['-m', `Uncommitted work of ${task}`];
    const commit = await git.text(['commit-tree', ...message, ...parents, tree], { dir, env: nobody });
    return await keepCommit(git, commit, task);
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/** None when branches have all of it. */
async function rescueCommits(git: CloneGit, dir: string, task: string, head: string): Promise<string[]> {
  const kept = ['--branches', '--remotes', `--glob=${rescueFolder}`];
  const own = await git.text(['rev-list', '--max-count=1', head, '--not', ...kept], { dir });
  return own === '' ? [] : [await keepCommit(git, head, task)];
}

/** A repository inside of a worktree, of which its own keeps no more than the name of a commit; null: there is none. */
export async function nestedRepository(git: CloneGit, dir: string): Promise<string | null> {
  const links = (await git.text(['ls-files', '--stage', '-z'], { dir }))
    .split('\0')
    .filter((line) => line.startsWith('160000 '));
  const listed = await git.text(['ls-files', '--others', '--exclude-standard', '--directory', '-z'], { dir });
  const folders = [...links.map((line) => line.slice(line.indexOf('\t') + 1)), ...listed.split('\0')];
  return folders.find((name) => name !== '' && existsSync(join(dir, name, '.git'))) ?? null;
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
