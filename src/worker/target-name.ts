import { CoordError } from '../errors.ts';
import type { CloneGit } from './clone-git.ts';

/**
 * The branch to land on, without `refs/heads/`. As `onto` has it, in any of the ways in which people and git write it; when
 * none is named, the remote's default branch as this clone knows it, else `main`, else `master`.
 * @throws CoordError `usage` for what can't be a branch
 */
export async function targetName(git: CloneGit, remote: string | null, onto: string | undefined): Promise<string> {
  if (onto === undefined) return defaultTarget(git, remote);
  const short = onto.replace(/^refs\/heads\//, '').replace(/^heads\//, '');
  const name = remote !== null && short.startsWith(`${remote}/`) ? short.slice(remote.length + 1) : short;
  const { status } = await git.try(['check-ref-format', `refs/heads/${name}`]);
  if (status === 0) return name;
  throw new CoordError('usage', `${JSON.stringify(onto)} can't be the name of a branch`, { next: ['git branch -a'] });
}

async function defaultTarget(git: CloneGit, remote: string | null): Promise<string> {
  const folder = remote === null ? 'refs/heads/' : `refs/remotes/${remote}/`;
  const named = async (ref: string): Promise<string | null> => {
    const { status, stdout } = await git.try(['symbolic-ref', '--quiet', ref]);
    const name = stdout.toString('utf8').trim();
    return status === 0 && name.startsWith(folder) ? name.slice(folder.length) : null;
  };
  const known = remote === null ? null : await named(`${folder}HEAD`);
  if (known !== null) return known;
  const has = async (name: string) => (await git.try(['show-ref', '--verify', '--quiet', folder + name])).status === 0;
  for (const name of ['main', 'master']) if (await has(name)) return name;
  const configured = (await git.try(['config', 'init.defaultBranch'])).stdout.toString('utf8').trim();
  return configured !== '' && (await has(configured)) ? configured : 'main';
}
