import type { CloneGit } from './clone-git.ts';

/** The branch to land on when none is named: the remote's default branch as this clone knows it, else `main`, else `master`. */
export async function defaultTarget(git: CloneGit, remote: string | null): Promise<string> {
  const folder = remote === null ? 'refs/heads/' : `refs/remotes/${remote}/`;
  if (remote !== null) {
    const { status, stdout } = await git.try(['symbolic-ref', '--quiet', `${folder}HEAD`]);
    const ref = stdout.toString('utf8').trim();
    if (status === 0 && ref.startsWith(folder)) return ref.slice(folder.length);
  }
  const has = async (name: string) => (await git.try(['show-ref', '--verify', '--quiet', folder + name])).status === 0;
  return !(await has('main')) && (await has('master')) ? 'master' : 'main';
}
