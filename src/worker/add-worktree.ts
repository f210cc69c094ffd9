/**
 * Makes a worktree with git, so that whatever goes wrong leaves nothing of it: no folder, no branch, no entry of git. What is
 * about to be made is written down first; where the process is killed before the worktree has its mark, the next one takes
 * it away.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CoordError } from '../errors.ts';
import { branchName } from './branch-tips.ts';
import { type CloneGit, firstWords } from './clone-git.ts';
import { writeMark } from './worktree-mark.ts';

export interface NewWorktree {
  readonly dir: string;
  /** `refs/heads/…` */
  readonly branch: string;
  /** Where the branch was; null: it is new. */
  readonly branchWas: string | null;
  readonly commit: string;
}

interface Place {
  readonly git: CloneGit;
  readonly coordDir: string;
}

const triesMax = 5;
const intentionPath = (coordDir: string): string => join(coordDir, 'new-worktree.json');

/**
 * Without files: they are checked out later, when nobody waits for the lock any more. Call it with the lock held.
 * @returns its git folder @throws CoordError `unavailable` with git's words
 */
export async function addWorktree(place: Place, made: NewWorktree, task: string): Promise<string> {
  const { git, coordDir } = place;
  await writeFile(intentionPath(coordDir), JSON.stringify(made));
  for (let tries = 1; ; tries++) {
    const words = await tryAdd(git, made);
    if (words === null) break;
    await removeMade(git, made);
    // somebody's own git, which knows nothing of our lock
    if (tries < triesMax && /\.lock'/.test(words)) await delay(100 * tries * Math.random());
    else throw new CoordError('unavailable', `no worktree can be made in ${made.dir}: ${words}`);
  }
  const gitDir = await git.text(['rev-parse', '--absolute-git-dir'], { dir: made.dir });
  await writeMark(gitDir, task, 'making');
  await rm(intentionPath(coordDir), { force: true });
  return gitDir;
}

async function tryAdd(git: CloneGit, { dir, branch, commit }: NewWorktree): Promise<string | null> {
  try {
    await mkdir(dirname(dir), { recursive: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const flags = ['--quiet', '--no-checkout', '--no-track', '-B', branchName(branch)];
  const { status, stderr } = await git.try(['worktree', 'add', ...flags, dir, commit]);
  return status === 0 ? null : firstWords(stderr);
}

/** What a process that was killed was about to make. Call it with the lock held. */
export async function removeHalfMade({ git, coordDir }: Place): Promise<void> {
  const made = readIntention(coordDir);
  // where there are files, somebody has worked there since
  if (made !== null && isUntouched(made.dir)) await removeMade(git, made);
  await rm(intentionPath(coordDir), { force: true });
}

function isUntouched(dir: string): boolean {
  try {
    return readdirSync(dir).every((name) => name === '.git');
  } catch {
    return true;
  }
}

function readIntention(coordDir: string): NewWorktree | null {
  try {
    return JSON.parse(readFileSync(intentionPath(coordDir), 'utf8')) as NewWorktree;
  } catch {
    return null;
  }
}

export async function removeMade(git: CloneGit, made: NewWorktree): Promise<void> {
  const { dir } = made;
  await git.try(['worktree', 'remove', '--force', '--force', dir]);
  // what is in its way may be no folder
  await rm(dir, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  // others' worktrees keep it
  await rmdir(dirname(dir)).catch(() => {});
  await restoreBranch(git, made);
}

/** Unless somebody has moved it since. */
export async function restoreBranch(
  git: CloneGit,
  { branch, branchWas, commit }: Omit<NewWorktree, 'dir'>,
): Promise<void> {
  await git.try(branchWas === null ? ['update-ref', '-d', branch, commit] : ['update-ref', branch, branchWas, commit]);
}
