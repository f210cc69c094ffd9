import type { LandingCode } from '../coordinator/landing-code.ts';
import type { ReviewCode } from '../coordinator/review-task.ts';
import { CoordError } from '../errors.ts';
import { type AskTips, fetchTip, localTip, tipOf, trackingRef } from './branch-tips.ts';
import type { CloneGit } from './clone-git.ts';
import { type LandingGates, landingCheck } from './gates/landing-gates.ts';
import { type KnownTarget, knownMsMax } from './known-target.ts';
import { isAncestor, replay } from './replay.ts';
import { movingHere } from './target-worktrees.ts';
import { follow, mustBeClean, type Work } from './work.ts';

/** The clone's side of a landing: where the work is, where the target is, and what becomes of the worktree. */
export interface LandingPlace {
  readonly git: CloneGit;
  /** The git folder that all worktrees share. */
  readonly commonDir: string;
  /** Where the target branch is; null: in the clone itself (the embedded mode). */
  readonly remote: string | null;
  /** `refs/heads/…` */
  readonly target: string;
  /** Its tracking ref in this clone, where that was just looked at. */
  readonly tracked?: string | null;
  readonly strategy: 'rebase' | 'merge';
  /** `<commonDir>/coord` */
  readonly coordDir: string;
  /** Names a ref of the clone for what is fetched. */
  readonly task: string;
  /** Asks the remote. */
  readonly ask: AskTips;
  /** Where the target was a moment ago, for whoever lands there all the time. */
  readonly known?: KnownTarget | undefined;
  /** Null: all checks are off. */
  readonly gates: LandingGates | null;
}

/** What `land --via-branch` needs of the clone. */
export function reviewCode(place: LandingPlace, work: Work, branch: string): ReviewCode {
  const { target, objects, targetTip, check } = landingCode(place, work);
  const { commit } = work;
  const descendsFrom = (tip: string) => isAncestor(place.git, tip, commit).catch(() => false);
  return { commit, branch, target, objects, targetTip, descendsFrom, check: (from) => check(from, commit) };
}

/** @throws CoordError `not-found` when the target doesn't exist, `unavailable` */
export function landingCode(place: LandingPlace, work: Work): LandingCode {
  const { git, remote, target, task, strategy, coordDir, known, ask } = place;
  let { commit } = work;
  let changed: readonly string[] | undefined = work.changed;
  const check = landingCheck(place, work.isHead);
  let lastSeen: { readonly oid: string | null } | undefined;
  const checkOut = async (made: string): Promise<void> => {
    if (!work.isHead || made === commit) return;
    await follow(git, work.branch, commit, made);
    commit = made;
  };
  return {
    target,
    objects:
      remote === null
        ? undefined
        : { objectDirectory: `${place.commonDir}/objects`, shallowFile: `${place.commonDir}/shallow` },
    async targetTip() {
      if (remote === null) return localTip(git, target);
      const recent = known?.recent(knownMsMax) ?? null;
      if (recent !== null) return recent;
      // before the fetch, with which the tracking ref comes up to date as well
      const tracked = (lastSeen ? null : place.tracked) ?? (await tipOf(git, trackingRef(remote, target)));
      lastSeen ??= { oid: tracked };
      if (tracked !== null && (await ask([target])).get(target) === tracked) return tracked;
      return fetchTip(git, remote, target, task, tracked);
    },
    async replay(onto, message) {
      const base = { work: commit, onto, strategy, lastSeen: lastSeen?.oid ?? null, message };
      const request = { ...base, objectDirectory: `${place.commonDir}/objects` };
      const looked = changed;
      changed = undefined;
      const [, replayed] = await Promise.all([work.isHead && mustBeClean(git, looked), replay(git, request)]);
      return replayed;
    },
    contains: (tip, one) => isAncestor(git, one, tip),
    checkOut,
    isChecked: place.gates !== null,
    check,
    async moving(from, to, push) {
      if (remote === null) return movingHere(git, coordDir, task, { ref: target, from, to }, push);
      const pushed = await push();
      if (pushed.kind === 'branch-moved') known?.forget();
      else known?.saw(to);
      return pushed;
    },
    async arrived(from, to) {
      // for the user's next look alone: where it fails, the next fetch does it
      const track = remote !== null && git.try(['update-ref', trackingRef(remote, target), to, from]);
      const [left] = await Promise.all([checkOut(to).then(() => null, wordsOf), track]);
      return left;
    },
  };
}

function wordsOf(error: unknown): string {
  if (error instanceof CoordError) return error.message;
  throw error;
}
