/**
 * The worktrees that `start` makes: `<repository>.worktrees/<n>` beside the clone, each with a mark that says for which task.
 * A worktree outlives its task, with what is ignored there (installed packages, build caches): the next one gets it warm.
 * It isn't named after a task, because what is installed often knows its own path.
 *
 *   in use   its task is held in this clone, or somebody is in there
 *   free     its task is over here and no process is at home in it: taken by the next `start`, or removed
 *
 * What was not committed is kept under `refs/coord-rescue/<task>/…` before anything is deleted (rescue.ts).
 */
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import type { WorktreeIdentity } from '../config/identity-file.ts';
import { CoordError } from '../errors.ts';
import { withFileLock } from '../transport/file-lock.ts';
import { type CloneGit, firstWords } from './clone-git.ts';
import { processesIn } from './processes-in.ts';
import { rescueChanges, rescueCommits } from './rescue.ts';
import { listWorktrees, type Worktree } from './worktree-list.ts';
import { isBeingMade, readMark, type WorktreeMark } from './worktree-mark.ts';

export interface WorktreePlace {
  readonly git: CloneGit;
  /** The git folder that all worktrees share. */
  readonly commonDir: string;
  /** `<commonDir>/coord` */
  readonly coordDir: string;
  /** Null: the branches are the clone's own (the embedded mode). */
  readonly remote: string | null;
  /** Whether a tenure of this task is this clone's. */
  readonly isHeld: (task: string) => boolean;
  /** Who works here: a worktree that it makes or takes is this claimant's, too. */
  readonly identity: WorktreeIdentity;
  readonly machine: string;
  /** Free ones that are kept for the next tasks. */
  readonly freeMax: number;
  /** Something that people should know. */
  readonly notice: (text: string) => void;
}

export interface TaskWorktree extends Worktree {
  readonly gitDir: string;
  readonly mark: WorktreeMark;
}

/** git's own work on worktrees fails when two do it at once (trap 15). Longer than anything it waits for. */
const lockMsMax = 60_000;

export function withWorktreesLock<T>(coordDir: string, work: () => Promise<T>): Promise<T> {
  return withFileLock(join(coordDir, 'worktrees.lock'), lockMsMax, work);
}

/** @throws CoordError `unavailable` */
export async function taskWorktrees({ git }: Pick<WorktreePlace, 'git'>): Promise<TaskWorktree[]> {
  const found: TaskWorktree[] = [];
  for (const worktree of (await listWorktrees(git)).slice(1)) {
    if (worktree.gone || !existsSync(worktree.dir)) continue;
    const { status, stdout } = await git.try(['rev-parse', '--absolute-git-dir'], { dir: worktree.dir });
    const gitDir = stdout.toString('utf8').replace(/\n$/, '');
    const mark = status === 0 ? await readMark(gitDir) : null;
    if (mark !== null) found.push({ ...worktree, gitDir, mark });
  }
  return found;
}

/** Where the next one is made: the first free number. */
export async function newWorktreeDir({ git, commonDir }: WorktreePlace): Promise<string> {
  const [main] = await listWorktrees(git);
  const home = main === undefined || main.bare ? commonDir : main.dir;
  const folder = join(dirname(home), `${basename(home)}.worktrees`);
  for (let n = 1; ; n++) if (!existsSync(join(folder, String(n)))) return join(folder, String(n));
}

/** Whether nothing keeps a worktree from being used for another task; its caller may sit in it. */
export function isFree(place: WorktreePlace, { mark, locked, dir }: TaskWorktree): boolean {
  if (locked || (mark.task !== '' && place.isHeld(mark.task))) return false;
  if (isBeingMade(mark)) return false;
  return processesIn(dir)?.length === 0 || isWithin(process.cwd(), dir);
}

export const isWithin = (path: string, dir: string): boolean => path === dir || path.startsWith(real(dir) + sep);

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Nothing of the user's is lost by removing it: what was not committed is kept first, and named. */
export async function removeWorktree(place: WorktreePlace, worktree: TaskWorktree): Promise<void> {
  await rescueFrom(place, worktree);
  const { status, stderr } = await place.git.try(['worktree', 'remove', '--force', worktree.dir]);
  if (status !== 0) throw new CoordError('unavailable', `${worktree.dir} could not be removed: ${firstWords(stderr)}`);
}

/** What was not committed, and commits that no branch has. @throws CoordError `unavailable`: then nothing may be deleted */
export async function rescueFrom({ git, notice }: WorktreePlace, { dir, mark, branch }: TaskWorktree): Promise<void> {
  if (mark.state === 'making') return;
  const kept = [await rescueChanges(git, dir, mark.task)];
  if (branch === null) kept.push(await rescueCommits(git, dir, mark.task));
  for (const ref of kept) if (ref !== null) notice(`what was left of ${mark.task} in ${dir} is kept as ${ref}`);
}

/** Removes the free ones that are more than are kept, the oldest numbers last. Call it with the lock held. */
export async function removeSurplus(place: WorktreePlace): Promise<void> {
  const free = (await taskWorktrees(place)).filter((one) => isFree(place, one) && !isWithin(process.cwd(), one.dir));
  for (const one of free.slice(place.freeMax)) {
    await removeWorktree(place, one).catch((error: unknown) => {
      // it stays, and is tried again next time
      if (!(error instanceof CoordError)) throw error;
      place.notice(error.message);
    });
  }
}
