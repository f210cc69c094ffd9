/**
 * A worktree and a branch for a task that is claimed.
 *
 *   here       the worktree is there already: a repeat
 *   reused     a free one, with what is ignored there
 *   made       a new one
 *
 * Whatever fails takes away what it has made: no folder, no branch, no entry of git stays behind. One that is killed leaves a
 * mark `making`: the next call makes it anew, and keeps what somebody may have done there since.
 */
import { CoordError } from '../errors.ts';
import { addWorktree, removeHalfMade } from './add-worktree.ts';
import { fetchedTip, localTip, remoteTips, tipOf, trackingRef } from './branch-tips.ts';
import { knownMsMax } from './known-target.ts';
import { populateWorktree, type TakenWorktree, undoWorktree } from './populate-worktree.ts';
import { isAncestor } from './replay.ts';
import { keepCommit } from './rescue.ts';
import { type StartPoint, startPoint } from './start-point.ts';
import { homeOf } from './task-home.ts';
import {
  freeAmong,
  isDeleted,
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
import { listWorktrees } from './worktree-list.ts';
import { writeMark } from './worktree-mark.ts';

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
    await populateWorktree(place, taken);
    await writeMark(taken.gitDir, request.task, 'ready');
  } catch (error) {
    await withWorktreesLock(place.coordDir, () => undoWorktree(place, taken));
    throw error;
  }
  const { dir, branch, how, point } = taken;
  return { dir, branch, how, point };
}

interface Here extends StartedWorktree {
  readonly how: 'here';
}

interface Taken extends TakenWorktree {
  readonly point: StartPoint;
}

async function takeWorktree(place: WorktreePlace, request: StartRequest, tips: Tips): Promise<Taken | Here> {
  const { git } = place;
  const { branch, task, fresh } = request;
  await removeHalfMade(place);
  const listed = await listWorktrees(git);
  const deleted = listed.filter((one) => one.branch === branch && isDeleted(place.commonDir, listed, one));
  for (const { dir } of deleted) await git.try(['worktree', 'remove', '--force', dir]);
  const all = listed.filter((one) => !deleted.includes(one));
  const marked = await markedAmong(all);
  const here = await homeOf(place, request, all, marked);
  if (here !== null) return { dir: here, branch, how: 'here' };
  const branchWas = await tipOf(git, branch);
  const contains = (tip: string, commit: string) => isAncestor(git, commit, tip);
  const point = await startPoint({ ...tips, own: branchWas, fresh, contains });
  if (branchWas !== null && !(await contains(point.commit, branchWas)) && !(await contains(tips.target, branchWas)))
    place.notice(`what ${task} had before is kept as ${await keepCommit(git, branchWas, task)}`);
  const free = await takeFree(place, marked);
  const [dir, how] =
    free === null ? ([newWorktreeDir(place.commonDir, all), 'made'] as const) : ([free.dir, 'reused'] as const);
  const made = { dir, branch, branchWas, commit: point.commit };
  const gitDir = free === null ? await addWorktree(place, made, task) : free.gitDir;
  if (free !== null) await writeMark(gitDir, task, 'making');
  else await removeSurplus(place, marked);
  return { ...made, gitDir, how, point, before: free?.mark.task ?? task, dirty: free?.dirty ?? false };
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
