import { setTimeout as delay } from 'node:timers/promises';
import { CoordError } from '../errors.ts';
import { type CloneGit, firstWords } from './clone-git.ts';

/** Where branches are: here, and at the remote. */

/** The clone's own memory of a remote's branch. */
export const trackingRef = (remote: string, target: string): string =>
  `refs/remotes/${remote}/${target.slice('refs/heads/'.length)}`;

/** Without `refs/heads/`. */
export const branchName = (ref: string): string => ref.replace(/^refs\/heads\//, '');

/** The branch of a task, from the pattern with `{id}` in it. */
export const taskBranch = (pattern: string, id: string): string => `refs/heads/${pattern.replace('{id}', id)}`;

/** Null: there is no such ref here. */
export async function tipOf(git: CloneGit, ref: string): Promise<string | null> {
  const { status, stdout } = await git.try(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  return status === 0 ? stdout.toString('utf8').trim() : null;
}

/** @throws CoordError `not-found` */
export async function localTip(git: CloneGit, target: string): Promise<string> {
  const tip = await tipOf(git, target);
  if (tip === null) throw await noTarget(git, target);
  return tip;
}

/** Where branches of a remote are now. @throws CoordError `unavailable` */
export type AskTips = (refs: readonly string[]) => Promise<ReadonlyMap<string, string>>;

/** Where these branches of the remote are now; one that isn't there is left out. @throws CoordError `unavailable` */
export async function remoteTips(
  git: CloneGit,
  remote: string,
  refs: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { status, stdout, stderr } = await git.try(['ls-remote', '--refs', '--', remote, ...refs]);
  if (status !== 0)
    throw new CoordError('unavailable', `the branches of ${remote} could not be asked for: ${firstWords(stderr)}`);
  const lines = stdout
    .toString('utf8')
    .split('\n')
    .map((line) => line.split('\t'));
  return new Map(lines.flatMap(([oid, ref]) => (oid && ref && refs.includes(ref) ? [[ref, oid] as const] : [])));
}

/** A worktree that `git worktree add` is making has no commit yet, and a fetch at that moment refuses the whole repository. */
const halfMadeWorktree = /bad object worktrees\//;
const fetchTriesMax = 6;

/** The tip of a branch of the remote, fetched unless the clone has it. @throws CoordError `not-found`, `unavailable` */
export async function fetchedTip(git: CloneGit, remote: string, target: string, task: string): Promise<string> {
  const tracked = await tipOf(git, trackingRef(remote, target));
  if (tracked !== null && (await remoteTips(git, remote, [target])).get(target) === tracked) return tracked;
  return fetchTip(git, remote, target, task, tracked);
}

/**
 * Fetches a branch into the clone, under a name of our own: of several landings each has its own. The user's tracking ref
 * follows where it can; git's own way of moving it fails when two fetch at once (trap 10).
 * @throws CoordError `not-found`, `unavailable`
 */
export async function fetchTip(
  git: CloneGit,
  remote: string,
  target: string,
  task: string,
  /** Where the tracking ref is. */
  tracked: string | null,
): Promise<string> {
  const own = `refs/coord/landing/${task}`;
  const flags = [
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-recurse-submodules',
    '--no-auto-gc',
    '--refmap=',
  ];
  const fetch = () => git.try(['fetch', ...flags, '--', remote, `+${target}:${own}`]);
  let { status, stderr } = await fetch();
  for (let tries = 1; status !== 0 && halfMadeWorktree.test(stderr) && tries < fetchTriesMax; tries++) {
    await delay(50 * tries);
    ({ status, stderr } = await fetch());
  }
  if (status !== 0) {
    if (/couldn't find remote ref/i.test(stderr)) throw await noTarget(git, target, remote);
    throw new CoordError('unavailable', `${target} could not be fetched from ${remote}: ${firstWords(stderr)}`);
  }
  const tip = await git.text(['rev-parse', `${own}^{commit}`]);
  await git.text(['update-ref', '-d', own]);
  if (tracked !== null && tracked !== tip) await git.try(['update-ref', trackingRef(remote, target), tip, tracked]);
  return tip;
}

/** A project that has just begun has no commit, or has not pushed it. */
async function noTarget(git: CloneGit, target: string, remote?: string): Promise<CoordError> {
  const name = branchName(target);
  const message = `there is no branch ${name} ${remote === undefined ? 'in this clone' : `on ${remote}`}`;
  if ((await tipOf(git, 'HEAD')) === null)
    return new CoordError('not-found', `${message}: nothing has been committed yet`, {
      hint: 'Work on a task begins at a commit.',
      next: ['git commit --allow-empty -m "Begin"'],
    });
  const push = remote !== undefined && (await tipOf(git, target)) !== null ? [`git push ${remote} ${name}`] : [];
  const hint = 'Name the branch to land on with --onto.';
  return new CoordError('not-found', message, { hint, next: [...push, 'git branch -a'] });
}
