import type { LandingCode } from '../coordinator/land-task.ts';
import { CoordError } from '../errors.ts';
import { type CloneGit, firstWords } from './clone-git.ts';
import { isAncestor, replay } from './replay.ts';
import { followMove, intendMove } from './target-worktrees.ts';
import { mustBeClean, type Work } from './work.ts';

/** The clone's side of a landing: where the work is, where the target is, and what becomes of the worktree. */
export interface LandingPlace {
  readonly git: CloneGit;
  /** The git folder that all worktrees share. */
  readonly commonDir: string;
  /** Where the target branch is; null: in the clone itself (the embedded mode). */
  readonly remote: string | null;
  /** `refs/heads/…` */
  readonly target: string;
  readonly strategy: 'rebase' | 'merge';
  /** `<commonDir>/coord` */
  readonly coordDir: string;
  /** Names a ref of the clone for what is fetched. */
  readonly task: string;
}

/** @throws CoordError `not-found` when the target doesn't exist, `unavailable` */
export function landingCode(place: LandingPlace, work: Work): LandingCode {
  const { git, remote, target, task, strategy, coordDir } = place;
  let { commit } = work;
  let lastSeen: { readonly oid: string | null } | undefined;
  return {
    target,
    objects:
      remote === null
        ? undefined
        : { objectDirectory: `${place.commonDir}/objects`, shallowFile: `${place.commonDir}/shallow` },
    async targetTip() {
      if (remote === null) return localTip(git, target);
      // before the fetch, with which git brings the tracking ref up to date as well
      lastSeen ??= { oid: await tipOf(git, trackingRef(remote, target)) };
      return fetchedTip(git, remote, target, task);
    },
    async replay(onto, message) {
      if (work.isHead) await mustBeClean(git);
      return replay(git, { work: commit, onto, strategy, lastSeen: lastSeen?.oid ?? null, message });
    },
    contains: (tip, one) => isAncestor(git, one, tip),
    async checkOut(made) {
      if (!work.isHead || made === commit) return;
      // --keep: refuses rather than touch what somebody has changed there meanwhile
      await git.text(['reset', '--quiet', '--keep', made]);
      commit = made;
    },
    async beforePush(from, to) {
      if (remote === null) await intendMove(git, coordDir, task, { ref: target, from, to });
    },
    async afterPush(from, to) {
      if (remote === null) return followMove(git, coordDir, task);
      // for the user's next look alone: where it fails, the next fetch does it
      if (to !== null) await git.try(['update-ref', trackingRef(remote, target), to, from]);
    },
  };
}

const trackingRef = (remote: string, target: string): string =>
  `refs/remotes/${remote}/${target.slice('refs/heads/'.length)}`;

/** Null: there is no such ref here. */
export async function tipOf(git: CloneGit, ref: string): Promise<string | null> {
  const { status, stdout } = await git.try(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  return status === 0 ? stdout.toString('utf8').trim() : null;
}

/** @throws CoordError `not-found` */
export async function localTip(git: CloneGit, target: string): Promise<string> {
  const tip = await tipOf(git, target);
  if (tip === null) throw noTarget(target, 'in this clone');
  return tip;
}

/**
 * Fetches the target into the clone, under a name of our own: of several landings each has its own.
 * @throws CoordError `not-found`, `unavailable`
 */
export async function fetchedTip(git: CloneGit, remote: string, target: string, task: string): Promise<string> {
  const own = `refs/coord/landing/${task}`;
  const flags = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-gc'];
  const { status, stderr } = await git.try(['fetch', ...flags, '--', remote, `+${target}:${own}`]);
  if (status !== 0) {
    if (/couldn't find remote ref/i.test(stderr)) throw noTarget(target, `on ${remote}`);
    throw new CoordError('unavailable', `${target} could not be fetched from ${remote}: ${firstWords(stderr)}`);
  }
  const tip = await git.text(['rev-parse', `${own}^{commit}`]);
  await git.text(['update-ref', '-d', own]);
  return tip;
}

function noTarget(target: string, where: string): CoordError {
  const name = target.replace(/^refs\/heads\//, '');
  return new CoordError('not-found', `there is no branch ${name} ${where}`, {
    hint: 'Name the branch to land on with --onto.',
    next: ['git branch -a'],
  });
}
