/**
 * The commit that lands: the work as it is, or made anew on top of a target that moved. Made of objects alone, without a
 * worktree or an index, so that a conflict leaves nothing behind and several landings of one clone don't meet.
 *
 *   as it is   the target is among the work's ancestors
 *   rebased    each commit of the work picked onto the target; what is there already is left out, as `git rebase` does, and
 *              what somebody took out of a rewritten target too
 *   merged     by configuration, and where the work has merges of its own, which picking would take apart
 *   nothing    the target has it all
 *   conflict   the files that don't merge, and the first commit of the work that doesn't
 */
import { CoordError } from '../errors.ts';
import { parseCommit } from '../transport/objects/parse-commit.ts';
import { readLooseCommit } from '../transport/objects/read-loose.ts';
import { type CloneGit, gitFailure } from './clone-git.ts';

export type Replayed =
  | { readonly kind: 'ready'; readonly commit: string; readonly how: 'as it is' | 'rebased' | 'merged' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'conflict'; readonly commit: string; readonly files: readonly string[] };

export interface ReplayRequest {
  readonly work: string;
  readonly onto: string;
  readonly strategy: 'rebase' | 'merge';
  /**
   * Where this clone last saw the target; null: nowhere. If the target doesn't descend from it, somebody rewrote it, and
   * what they took out of it isn't this work's to bring back.
   */
  readonly lastSeen: string | null;
  /** Of a merge commit. */
  readonly message: string;
  /** Where the clone's loose objects are. */
  readonly objectDirectory: string;
}

/** @throws CoordError `conflict` when the two have no common history, `unavailable` */
export async function replay(git: CloneGit, request: ReplayRequest): Promise<Replayed> {
  const { work, onto, strategy, lastSeen } = request;
  if (await standsOn(request)) return { kind: 'ready', commit: work, how: 'as it is' };
  const base = await mergeBase(git, onto, work);
  if (base === work) return { kind: 'nothing' };
  if (base === onto) return { kind: 'ready', commit: work, how: 'as it is' };
  if (base === null)
    throw new CoordError('conflict', 'the work and the target have no common history', {
      hint: 'In a shallow clone, git fetch --unshallow brings what is missing.',
    });
  const rewritten = lastSeen !== null && !(await isAncestor(git, lastSeen, onto)) ? lastSeen : null;
  const picks = strategy === 'rebase' || rewritten !== null;
  const [own, sign] = await Promise.all([picks ? ownCommits(git, onto, work, rewritten) : null, signs(git)]);
  if (rewritten !== null && own === null)
    throw new CoordError('conflict', 'the target was rewritten, and the work has merges of its own', {
      hint: 'The claim is kept. Picking would take the merges apart, merging would bring back what was taken out of the target.',
      next: [`git rebase --rebase-merges ${onto}`],
    });
  return own === null ? mergeInto(git, request, sign) : pickAll(git, request, own, sign);
}

/** So many commits are looked at before git is asked. */
const stepsMax = 8;

/** Whether the work was just committed on the target as it is: seen without git, which takes as long as a way to the remote. */
async function standsOn({ work, onto, objectDirectory }: ReplayRequest): Promise<boolean> {
  let at: string | undefined = work;
  for (let step = 0; at !== undefined && step < stepsMax; step++) {
    const body: Buffer | null = await readLooseCommit(objectDirectory, at);
    const commit = body && parseCommit(body);
    if (commit === null || 'unreadable' in commit) return false;
    at = commit.parents[0];
    if (at === onto) return true;
  }
  return false;
}

/** Null: they have no common history. */
async function mergeBase(git: CloneGit, one: string, other: string): Promise<string | null> {
  const { status, stdout, stderr } = await git.try(['merge-base', one, other]);
  if (status === 0) return stdout.toString('utf8').trim();
  if (status === 1) return null;
  throw gitFailure('merge-base', stderr);
}

/** Of two object ids. */
export async function isAncestor(git: CloneGit, ancestor: string, descendant: string): Promise<boolean> {
  if (ancestor === descendant) return true;
  const { status, stderr } = await git.try(['merge-base', '--is-ancestor', ancestor, descendant]);
  if (status === 0 || status === 1) return status === 0;
  throw gitFailure('merge-base', stderr);
}

async function mergeInto(git: CloneGit, { work, onto, message }: ReplayRequest, sign: boolean): Promise<Replayed> {
  const merged = await mergeTrees(git, onto, work);
  if ('files' in merged) return { kind: 'conflict', commit: work, files: merged.files };
  const commit = await commitTree(git, merged.tree, [onto, work], { message, sign });
  return { kind: 'ready', commit, how: 'merged' };
}

/** Commits of the work that the target has not, oldest first, without those whose change it has. Null: there are merges among them. */
async function ownCommits(git: CloneGit, onto: string, work: string, without: string | null): Promise<string[] | null> {
  const range = [`${onto}...${work}`, ...(without === null ? [] : [`^${without}`])];
  const order = ['--reverse', '--topo-order', '--right-only', '--cherry-pick', '--parents'];
  const listed = (await git.text(['rev-list', ...order, ...range])).split('\n').filter((line) => line !== '');
  const commits = listed.map((line) => line.split(' '));
  return commits.some((oids) => oids.length > 2) ? null : commits.map(([oid = '']) => oid);
}

async function pickAll(
  git: CloneGit,
  { onto }: ReplayRequest,
  commits: readonly string[],
  sign: boolean,
): Promise<Replayed> {
  let tip = onto;
  for (const commit of commits) {
    const picked = await pick(git, commit, tip, sign);
    if ('files' in picked) return { kind: 'conflict', commit, files: picked.files };
    tip = picked.commit;
  }
  return tip === onto ? { kind: 'nothing' } : { kind: 'ready', commit: tip, how: 'rebased' };
}

/** One commit on top of another one. What changes nothing there, and did in its own place, is left out. */
async function pick(
  git: CloneGit,
  commit: string,
  onto: string,
  sign: boolean,
): Promise<{ commit: string } | { files: string[] }> {
  const fields = '%T%x00%an%x00%ae%x00%ad%x00%B';
  const told = ['log', '--no-walk=unsorted', '-z', '--date=raw', `--format=${fields}`, commit, `${commit}^`, onto];
  const [own, name, email, date, message = '', before, , , , , there = ''] = (await git.text(told)).split('\0');
  // a stand-in for the target whose parent is the commit's own, so that this is the base of the merge
  const standIn = () => commitTree(git, there, [`${commit}^`], { message: 'a stand-in', sign: false });
  const merged = before === there ? { tree: own ?? '' } : await mergeTrees(git, await standIn(), commit);
  if ('files' in merged) return merged;
  if (merged.tree === there && own !== before) return { commit: onto };
  const env = { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: `@${date}` };
  return { commit: await commitTree(git, merged.tree, [onto], { message, sign, env }) };
}

async function mergeTrees(
  git: CloneGit,
  ours: string,
  theirs: string,
): Promise<{ tree: string } | { files: string[] }> {
  const args = ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', ours, theirs];
  const { status, stdout, stderr } = await git.try(args);
  if (status !== 0 && status !== 1) throw gitFailure('merge-tree', stderr);
  const [tree = '', ...files] = stdout.toString('utf8').split('\0');
  return status === 0 ? { tree: tree.trim() } : { files: [...new Set(files.filter((file) => file !== ''))] };
}

/** commit-tree doesn't look at commit.gpgSign by itself. */
async function signs(git: CloneGit): Promise<boolean> {
  return (await git.try(['config', '--type=bool', 'commit.gpgSign'])).stdout.toString('utf8').trim() === 'true';
}

async function commitTree(
  git: CloneGit,
  tree: string,
  parents: readonly string[],
  { message, sign, env }: { readonly message: string; readonly sign: boolean; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const args = ['commit-tree', ...(sign ? ['-S'] : []), tree, ...parents.flatMap((parent) => ['-p', parent])];
  return git.text([...args, '-F', '-'], { input: `${message.trimEnd()}\n`, ...(env && { env }) });
}
