import type { Review, Standing } from '../coordinator/review-task.ts';
import { CoordError } from '../errors.ts';
import { fetchedTip, localTip, tipOf } from './branch-tips.ts';
import { type CloneGit, firstWords } from './clone-git.ts';
import { isAncestor } from './replay.ts';

export interface ReviewPlace {
  readonly git: CloneGit;
  /** Null: the branches are the clone's own. */
  readonly remote: string | null;
}

/**
 * Whether the work of a review is on its target. By any of three signs, since hosts merge in three ways:
 *
 *   merge commit, fast-forward   the commit is among the target's ancestors
 *   rebase                       a commit after `from` carries the task's and the term's trailers, and is no revert
 *   squash                       merging the commit into the target would change nothing
 *
 * @throws CoordError `unavailable`
 */
export async function reviewStanding(
  { git, remote }: ReviewPlace,
  task: { readonly id: string; readonly term: number },
  review: Review,
): Promise<Standing> {
  const tipNow = () =>
    remote === null ? localTip(git, review.target) : fetchedTip(git, remote, review.target, task.id);
  if (await isMerged(git, task, review, await tipNow())) return 'merged';
  if (await branchIsThere({ git, remote }, review, task.id)) return 'open';
  // it may have been merged and deleted between the two looks
  return (await isMerged(git, task, review, await tipNow())) ? 'merged' : 'branch gone';
}

async function isMerged(
  git: CloneGit,
  task: { id: string; term: number },
  review: Review,
  tip: string,
): Promise<boolean> {
  const known = (await git.try(['cat-file', '-e', `${review.commit}^{commit}`])).status === 0;
  if (known && (await isAncestor(git, review.commit, tip))) return true;
  return (await isNamed(git, task, review.from, tip)) || (known && (await changesNothing(git, review.commit, tip)));
}

/** Its trailers stand anywhere in a message: a host that squashes puts them into the middle. */
async function isNamed(
  git: CloneGit,
  { id, term }: { id: string; term: number },
  from: string,
  tip: string,
): Promise<boolean> {
  const { status, stdout } = await git.try(['log', '-z', '--format=%B', `${from}..${tip}`]);
  if (status !== 0) return false;
  const says = (message: string, trailer: string, value: string) =>
    message.split('\n').some((line) => line.trim().toLowerCase() === `${trailer}: ${value}`);
  return stdout
    .toString('utf8')
    .split('\0')
    .some((message) => {
      const isRevert = /^Revert "/.test(message) || /^This reverts commit [0-9a-f]{7,}/m.test(message);
      return !isRevert && says(message, 'task', id) && says(message, 'claim-term', String(term));
    });
}

async function changesNothing(git: CloneGit, commit: string, tip: string): Promise<boolean> {
  const { status, stdout } = await git.try(['merge-tree', '--write-tree', '--no-messages', tip, commit]);
  return status === 0 && stdout.toString('utf8').trim() === (await git.text(['rev-parse', `${tip}^{tree}`]));
}

async function branchIsThere({ git, remote }: ReviewPlace, { branch }: Review, id: string): Promise<boolean> {
  if (remote === null) return (await tipOf(git, branch)) !== null;
  const { status, stderr } = await git.try(['ls-remote', '--exit-code', '--refs', '--', remote, branch]);
  if (status === 0 || status === 2) return status === 0;
  throw new CoordError('unavailable', `the branch of ${id} could not be looked for: ${firstWords(stderr)}`);
}
