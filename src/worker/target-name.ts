import { CoordError } from '../errors.ts';
import type { CloneGit } from './clone-git.ts';
import { listWorktrees } from './worktree-list.ts';

/**
 * The branch to land on, without `refs/heads/`. As `onto` has it, in any of the ways in which people and git write it; when
 * none is named, the remote's default branch, as this clone knows it or the remote says; in the embedded mode `main`, `master`,
 * what `init.defaultBranch` names, or what the main worktree has checked out.
 * @throws CoordError `usage` for what can't be a branch
 */
export async function targetName(git: CloneGit, remote: string | null, onto: string | undefined): Promise<string> {
  return (await targetOf(git, remote, onto)).name;
}

interface Target {
  readonly name: string;
  /** The remote's branch as this clone knows it; null: not looked at. */
  readonly tracked: string | null;
}

/** As `targetName`, with what was seen on the way. */
export async function targetOf(git: CloneGit, remote: string | null, onto: string | undefined): Promise<Target> {
  if (onto === undefined) return defaultTarget(git, remote);
  const short = onto.replace(/^refs\/heads\//, '').replace(/^heads\//, '');
  const name = remote !== null && short.startsWith(`${remote}/`) ? short.slice(remote.length + 1) : short;
  const { status } = await git.try(['check-ref-format', `refs/heads/${name}`]);
  if (status === 0) return { name, tracked: null };
  throw new CoordError('usage', `${JSON.stringify(onto)} can't be the name of a branch`, { next: ['git branch -a'] });
}

/**
 * What the target most likely is, without starting git: the only branch of the remote that one of the same name here follows, as a
 * clone makes it. Null: there are several, or none.
 */
export function likelyTarget(gitConfig: ReadonlyMap<string, readonly string[]>, remote: string): string | null {
  const followed = [...gitConfig].flatMap(([key, values]) => {
    const name = /^branch\.(.+)\.merge$/.exec(key)?.[1];
    const isOfRemote = gitConfig.get(`branch.${name}.remote`)?.at(-1) === remote;
    return isOfRemote && values.at(-1) === `refs/heads/${name}` ? [`refs/heads/${name}`] : [];
  });
  return followed.length === 1 ? (followed[0] ?? null) : null;
}

async function defaultTarget(git: CloneGit, remote: string | null): Promise<Target> {
  return (remote !== null && (await remoteHead(git, remote))) || { name: await usualName(git, remote), tracked: null };
}

async function remoteHead(git: CloneGit, remote: string): Promise<Target | null> {
  const folder = `refs/remotes/${remote}/`;
  const listed = await git.text(['for-each-ref', '--format=%(symref) %(objectname)', `${folder}HEAD`]);
  const [ref = '', tracked = ''] = listed.split(' ');
  if (ref.startsWith(folder)) return { name: ref.slice(folder.length), tracked };
  // one that leads to nothing isn't listed
  const named = (await git.try(['symbolic-ref', '--quiet', `${folder}HEAD`])).stdout.toString('utf8').trim();
  return named.startsWith(folder) ? { name: named.slice(folder.length), tracked: null } : null;
}

async function usualName(git: CloneGit, remote: string | null): Promise<string> {
  const said = remote === null ? null : await headAt(git, remote);
  if (said !== null) return said;
  const folder = remote === null ? 'refs/heads/' : `refs/remotes/${remote}/`;
  const has = async (name: string) => (await git.try(['show-ref', '--verify', '--quiet', folder + name])).status === 0;
  for (const name of ['main', 'master']) if (await has(name)) return name;
  const configured = (await git.try(['config', 'init.defaultBranch'])).stdout.toString('utf8').trim();
  if (configured !== '' && (await has(configured))) return configured;
  const [main] = remote === null ? await listWorktrees(git) : [];
  const current = main?.branch?.replace(/^refs\/heads\//, '') ?? 'main';
  // work isn't landed on itself
  return current.startsWith('task/') ? 'main' : current;
}

/** What the remote itself has as its default branch, if that is there; a remote that is away is found out later. */
async function headAt(git: CloneGit, remote: string): Promise<string | null> {
  const { status, stdout } = await git.try(['ls-remote', '--symref', '--', remote, 'HEAD']);
  const [ref, oid] = stdout.toString('utf8').split('\n');
  const name = /^ref: refs\/heads\/(\S+)\tHEAD$/.exec(ref ?? '')?.[1];
  return status === 0 && name !== undefined && oid?.endsWith('\tHEAD') === true ? name : null;
}
