/**
 * A worktree and a branch for a task that is claimed.
 *
 *   here       the worktree is there already: a repeat
 *   reused     a free one, with what is ignored there
 *   made       a new one
 *
 * Whatever fails takes away what it has made: no folder, no branch, no entry of git stays behind. One that is killed leaves a
 * mark `making`, by which the next call knows that nothing of anybody's is there.
 */
import { identityPath, readLines, writeWorktreeIdentity } from '../config/identity-file.ts';
import { CoordError } from '../errors.ts';
import { addWorktree, removeHalfMade, removeMade, restoreBranch } from './add-worktree.ts';
import { fetchedTip, localTip, remoteTips, tipOf, trackingRef } from './branch-tips.ts';
import { firstWords } from './clone-git.ts';
import { knownMsMax } from './known-target.ts';
import { isAncestor } from './replay.ts';
import { keepCommit } from './rescue.ts';
import { type StartPoint, startPoint } from './start-point.ts';
import { markFor } from './strays.ts';
import {
  freeAmong,
  isFree,
  isWithin,
  markedAmong,
  newWorktreeDir,
  removeSurplus,
  removeWorktree,
  rescueFrom,
  type TaskWorktree,
  type WorktreePlace,
  withWorktreesLock,
} from './task-worktrees.ts';
import { unfinishedIn } from './work.ts';
import { listWorktrees, type Worktree } from './worktree-list.ts';
import { endOrphans, isBeingMade, writeMark } from './worktree-mark.ts';

export interface StartRequest {
  readonly task: string;
  /** `refs/heads/…` */
  readonly branch: string;
  /** `refs/heads/…`: where the work is to land. */
  readonly target: string;
  readonly fresh: boolean;
  /** Nobody has held the task before. */
  readonly isFirst: boolean;
}

export interface StartedWorktree {
  readonly dir: string;
  readonly branch: string;
  readonly how: 'here' | 'reused' | 'made';
  /** Absent when it was there already. */
  readonly point?: StartPoint;
}

/** @throws CoordError `not-ready` (the branch is in use elsewhere), `not-found` (no target), `unavailable` */
export async function startWorktree(place: WorktreePlace, request: StartRequest): Promise<StartedWorktree> {
  // asked outside of the lock: a slow remote must not hold up who starts something else
  const tips = await tipsOf(place, request);
  const taken = await withWorktreesLock(place.coordDir, () => takeWorktree(place, request, tips));
  if (taken.how === 'here') return taken;
  try {
    await populate(place, request, taken);
    await writeMark(taken.gitDir, request.task, 'ready');
  } catch (error) {
    await withWorktreesLock(place.coordDir, () => undo(place, taken));
    throw error;
  }
  const { dir, branch, how, point } = taken;
  return { dir, branch, how, point };
}

interface Here extends StartedWorktree {
  readonly how: 'here';
}

interface Taken extends StartedWorktree {
  readonly how: 'reused' | 'made';
  readonly gitDir: string;
  /** There are files to be cleaned away. */
  readonly dirty: boolean;
  readonly point: StartPoint;
  /** Where the branch was; null: it is new. */
  readonly branchWas: string | null;
}

async function takeWorktree(place: WorktreePlace, request: StartRequest, tips: Tips): Promise<Taken | Here> {
  const { git } = place;
  const { branch, task, fresh } = request;
  await removeHalfMade(place);
  const all = await listWorktrees(git);
  if (all.some(({ gone }) => gone)) await git.try(['worktree', 'prune']);
  const marked = await markedAmong(all);
  const here = await whereItIs(place, request, all, marked);
  if (here !== null) return { dir: here, branch, how: 'here' };
  const branchWas = await tipOf(git, branch);
  const contains = (tip: string, commit: string) => isAncestor(git, commit, tip);
  const point = await startPoint({ ...tips, own: branchWas, fresh, contains });
  if (branchWas !== null && !(await contains(point.commit, branchWas)) && !(await contains(tips.target, branchWas)))
    place.notice(`what ${task} had before is kept as ${await keepCommit(git, branchWas, task)}`);
  const free = await takeFree(place, marked);
  const [dir, how] =
    free === null ? ([newWorktreeDir(place.commonDir, all), 'made'] as const) : ([free.dir, 'reused'] as const);
  const gitDir =
    free === null ? await addWorktree(place, { dir, branch, branchWas, commit: point.commit }, task) : free.gitDir;
  if (free !== null) await writeMark(gitDir, task, 'making');
  else await removeSurplus(place, marked);
  return { dir, gitDir, branch, how, point, branchWas, dirty: free?.dirty ?? false };
}

/** The worktree in which the task's work is already. @throws CoordError `not-ready` when it is somebody else's */
async function whereItIs(
  place: WorktreePlace,
  request: StartRequest,
  all: readonly Worktree[],
  marked: readonly TaskWorktree[],
): Promise<string | null> {
  const { branch, task } = request;
  const own = marked.find((one) => (one.mark.task === task && one.mark.state !== 'left') || one.branch === branch);
  if (own === undefined) {
    const other = all.find((one) => one.branch === branch);
    if (other === undefined || isWithin(process.cwd(), other.dir)) return other?.dir ?? null;
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

function inUse(branch: string, dir: string, next: string): CoordError {
  const name = branch.replace(/^refs\/heads\//, '');
  return new CoordError('not-ready', `${name} is checked out in ${dir}, which is in use`, {
    hint: 'Work on there, or free the branch.',
    next: [next],
  });
}

/** A free worktree of which all has been kept that isn't committed. */
async function takeFree(
  place: WorktreePlace,
  marked: readonly TaskWorktree[],
): Promise<(TaskWorktree & { readonly dirty: boolean }) | null> {
  const free = await freeAmong(place, marked);
  const here = free.filter((one) => isWithin(process.cwd(), one.dir));
  for (const one of new Set([...here, ...free])) {
    try {
      const dirty = await rescueFrom(place, one);
      if (unfinishedIn(one.gitDir) === undefined) return { ...one, dirty };
      if (!here.includes(one)) await removeWorktree(place, one);
    } catch (error) {
      // what can't be kept stays where it is
      if (!(error instanceof CoordError)) throw error;
      place.notice(error.message);
    }
  }
  return null;
}

async function populate(place: WorktreePlace, { branch }: StartRequest, taken: Taken): Promise<void> {
  const { git } = place;
  const { dir, point, dirty, gitDir } = taken;
  const flags = ['--quiet', '--force', '--no-track', '-B', shortName(branch)];
  const env = markFor(dir).on({});
  const { status, stderr } = await git.try(['checkout', ...flags, point.commit], { dir, env, withHooks: true });
  if (status !== 0) {
    const isComplete = (await git.try(['diff-index', '--quiet', 'HEAD', '--'], { dir })).status === 0;
    const isThere =
      (await git.try(['symbolic-ref', '--quiet', 'HEAD'], { dir })).stdout.toString('utf8').trim() === branch;
    if (!isComplete || !isThere) throw new CoordError('unavailable', `git checkout in ${dir}: ${firstWords(stderr)}`);
    place.notice(`the hook post-checkout failed in ${dir}: ${firstWords(stderr)}`);
  }
  if (dirty) await git.text(['clean', '--quiet', '--force', '-d'], { dir });
  await writeWorktreeIdentity(gitDir, place.machine, place.identity);
}

async function undo({ git }: WorktreePlace, taken: Taken): Promise<void> {
  const made = { ...taken, commit: taken.point.commit };
  if (taken.how === 'made') return removeMade(git, made);
  await git.try(['checkout', '--quiet', '--force', '--detach'], { dir: taken.dir });
  await restoreBranch(git, made);
  await writeMark(taken.gitDir, '', 'left').catch(() => {
    // the disk is full: the mark says `making`, and its maker has ended
  });
}

const shortName = (branch: string): string => branch.replace(/^refs\/heads\//, '');

interface Tips {
  readonly target: string;
  readonly pushed: string | null;
}

async function tipsOf(place: WorktreePlace, request: StartRequest): Promise<Tips> {
  const { git, remote } = place;
  const { task, branch, target, fresh, isFirst } = request;
  if (remote === null) return { target: await localTip(git, target), pushed: null };
  // nobody can have pushed anything for a task that nobody has held before
  const known = isFirst ? place.known?.recent(knownMsMax) : null;
  if (known) return { target: known, pushed: null };
  const there = await remoteTips(git, remote, [target, branch]);
  const tracked = await tipOf(git, trackingRef(remote, target));
  const isKnown = tracked !== null && there.get(target) === tracked;
  const tip = isKnown ? tracked : await fetchedTip(git, remote, target, task);
  place.known?.saw(tip);
  return {
    target: tip,
    pushed: fresh || !there.has(branch) ? null : await fetchedTip(git, remote, branch, task),
  };
}
