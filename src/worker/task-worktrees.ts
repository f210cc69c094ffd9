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
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { WorktreeIdentity } from '../config/identity-file.ts';
import { CoordError } from '../errors.ts';
import { withFileLock } from '../transport/file-lock.ts';
import { type CloneGit, firstWords } from './clone-git.ts';
import type { KnownTarget } from './known-target.ts';
import { processesIn } from './processes-in.ts';
import { nestedRepository, rescue } from './rescue.ts';
import { listWorktrees, type Worktree } from './worktree-list.ts';
import { endOrphans, isBeingMade, readMark, type WorktreeMark } from './worktree-mark.ts';

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
  /** Where the target was a moment ago, for whoever lands there all the time. */
  readonly known?: KnownTarget | undefined;
  /** Free ones that are kept for the next tasks. */
  readonly freeMax: number;
  /** Something that people should know. */
  readonly notice: (text: string) => void;
}

export interface TaskWorktree extends Worktree {
  readonly gitDir: string;
  readonly mark: WorktreeMark;
}

/**
 * git's own work on worktrees fails when two do it at once (trap 15), and a holder that is passed over would go on in what another
 * one has made since: longer than git may take.
 */
const lockMsMax = 15 * 60_000;

export function withWorktreesLock<T>(coordDir: string, work: () => Promise<T>): Promise<T> {
  return withFileLock(join(coordDir, 'worktrees.lock'), lockMsMax, work);
}

/** @throws CoordError `unavailable` */
export async function taskWorktrees(git: CloneGit): Promise<TaskWorktree[]> {
  return markedAmong(await listWorktrees(git));
}

export async function markedAmong(all: readonly Worktree[]): Promise<TaskWorktree[]> {
  const found: TaskWorktree[] = [];
  for (const worktree of all.slice(1)) {
    if (worktree.gone || !existsSync(worktree.dir)) continue;
    const gitDir = gitDirOf(worktree.dir);
    const mark = gitDir === null ? null : await readMark(gitDir);
    if (gitDir !== null && mark !== null) found.push({ ...worktree, gitDir, mark });
  }
  return found;
}

/** A worktree's `.git` is a file that names its git folder (gitrepository-layout). */
export function gitDirOf(dir: string): string | null {
  try {
    const named = /^gitdir: (.+)\n?$/.exec(readFileSync(join(dir, '.git'), 'utf8'))?.[1];
    return named === undefined ? null : resolve(dir, named);
  } catch {
    return null;
  }
}

/** The git folder of a submodule, in that of the project around it. */
const inSuperproject = /^(.+?)\/\.git\/(?:worktrees\/[^/]+\/)?modules\/(.+)$/;

/** Where worktrees are made: beside the clone, of a submodule beside the project around it, which would take them for its own files. */
function worktreesFolder(commonDir: string, [main]: readonly Worktree[]): string {
  const [, around, name] = inSuperproject.exec(commonDir) ?? [];
  if (around !== undefined && name !== undefined) return join(`${around}.worktrees`, name);
  const home = main === undefined || main.bare ? commonDir : main.dir;
  return join(dirname(home), `${basename(home)}.worktrees`);
}

/** Where the next one is made: the first free number. One whose folder is away for a while keeps its own. */
export function newWorktreeDir(commonDir: string, all: readonly Worktree[]): string {
  const folder = worktreesFolder(commonDir, all);
  for (let n = 1; ; n++) {
    const dir = join(folder, String(n));
    if (!existsSync(dir) && !all.some((one) => one.dir === dir)) return dir;
  }
}

/** One that `start` made, and somebody has deleted by hand. A folder that is away for a while takes its neighbours along. */
export function isDeleted(commonDir: string, all: readonly Worktree[], { gone, locked, dir }: Worktree): boolean {
  const folder = worktreesFolder(commonDir, all);
  return gone && !locked && dirname(dir) === folder && existsSync(dirname(folder)) && !existsSync(dir);
}

/** Whether nothing keeps a worktree from being used for another task; its caller may sit in it. */
export async function isFree(place: WorktreePlace, { mark, locked, dir }: TaskWorktree): Promise<boolean> {
  if (locked || place.isHeld(mark.task) || isBeingMade(mark)) return false;
  if (processesIn(dir)?.length !== 0) await endOrphans(dir, mark);
  return processesIn(dir)?.length === 0 || isWithin(process.cwd(), dir);
}

export async function freeAmong(place: WorktreePlace, all: readonly TaskWorktree[]): Promise<TaskWorktree[]> {
  const answers = await Promise.all(all.map((one) => isFree(place, one)));
  return all.filter((_, index) => answers[index]);
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
  const nested = await nestedRepository(place.git, worktree.dir);
  if (nested !== null)
    throw new CoordError('unavailable', `${worktree.dir} stays: ${nested} in it is a repository of its own`);
  const { status, stderr } = await place.git.try(['worktree', 'remove', '--force', worktree.dir]);
  if (status !== 0) throw new CoordError('unavailable', `${worktree.dir} could not be removed: ${firstWords(stderr)}`);
}

/**
 * What was not committed, and commits that no branch has. Answers whether files are to be cleaned away.
 * @throws CoordError `unavailable`: then nothing may be deleted
 */
export async function rescueFrom({ git, notice }: WorktreePlace, { dir, mark }: TaskWorktree): Promise<boolean> {
  // nothing was checked out there yet
  if (mark.state === 'making' && readdirSync(dir).every((name) => name === '.git')) return true;
  const { refs, wasDirty } = await rescue(git, dir, mark.task, mark.at);
  for (const ref of refs) notice(`what was left of ${mark.task} in ${dir} is kept as ${ref}`);
  return wasDirty;
}

/** Removes the free ones that are more than are kept, the oldest numbers last. Call it with the lock held. */
export async function removeSurplus(place: WorktreePlace, marked: readonly TaskWorktree[]): Promise<void> {
  const free = (await freeAmong(place, marked)).filter(({ dir }) => !isWithin(process.cwd(), dir));
  for (const one of free.slice(place.freeMax)) {
    await removeWorktree(place, one).catch((error: unknown) => {
      // it stays, and is tried again next time
      if (!(error instanceof CoordError)) throw error;
      place.notice(error.message);
    });
  }
}
