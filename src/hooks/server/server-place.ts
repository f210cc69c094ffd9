import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { CoordError } from '../../errors.ts';
import { gitEnvironment, runGit } from '../../transport/git-process.ts';

/** A repository that is pushed to, as its hooks need to know it. */
export interface ServerPlace {
  readonly gitDir: string;
  /** Where git looks for its hooks. */
  readonly folder: string;
  readonly prefix: string;
  /** The branches that move by landings alone: names and patterns, as the hooks find them at each push. */
  readonly branches: readonly string[];
  /** Nobody works in it. */
  readonly bare: boolean;
  /** The repository takes atomic pushes, as git's own do by default. */
  readonly atomic: boolean;
}

const gitTimeoutMs = 20_000;

type Git = (
  ...args: string[]
) => Promise<{ readonly status: number | null; readonly text: string; readonly stderr: string }>;

/** @throws CoordError `not-found` (no repository), `not-ready` (a hooks folder outside of it) */
export async function serverPlace(path: string, env: NodeJS.ProcessEnv): Promise<ServerPlace> {
  const gitDir = existsSync(join(path, '.git')) ? join(path, '.git') : path;
  const git: Git = async (...args) => {
    // named by its path: git would otherwise look for one in the folders above
    const request = { cwd: existsSync(path) ? path : sep, env: gitEnvironment(env), timeoutMs: gitTimeoutMs };
    const { status, stdout, stderr } = await runGit([`--git-dir=${gitDir}`, ...args], request);
    return { status, text: stdout.toString('utf8').trimEnd(), stderr };
  };
  const found = await git('rev-parse', '--path-format=absolute', '--git-common-dir');
  if (found.status !== 0)
    throw new CoordError('not-found', `there is no repository at ${path}`, {
      hint: found.stderr.split('\n')[0],
      next: ['git coord hooks install --server <path-of-the-repository>'],
    });
  const own = join(found.text, 'hooks');
  const configured = (await git('config', '--type=path', '--get', 'core.hooksPath')).text;
  const folder = configured === '' ? own : resolve(found.text, configured);
  if (!`${folder}${sep}`.startsWith(`${found.text}${sep}`))
    throw new CoordError('not-ready', `core.hooksPath leads to ${folder}, outside of the repository`, {
      hint: 'Other repositories may use that folder too. Give this one its own.',
      next: [`git --git-dir=${gitDir} config core.hooksPath ${own}`],
    });
  const { text: atomic } = await git('config', '--type=bool', '--get', 'receive.advertiseAtomic');
  const { text: bare } = await git('rev-parse', '--is-bare-repository');
  const [prefix, branches] = [await prefixOf(git), await branchesOf(git)];
  return { gitDir: found.text, folder, prefix, branches, bare: bare === 'true', atomic: atomic !== 'false' };
}

/** Where the book is: what the repository's configuration says, else where one is already (protocol 2). */
async function prefixOf(git: Git): Promise<string> {
  const configured = (await git('config', '--get', 'coord.prefix')).text;
  if (configured !== '') return configured;
  const refs = (await git('for-each-ref', '--format=%(refname)', 'refs/coord/format', 'refs/heads/')).text.split('\n');
  const format = refs.find((ref) => ref.endsWith('/coord/format'));
  return format === undefined ? 'refs/' : format.slice(0, -'coord/format'.length);
}

async function branchesOf(git: Git): Promise<string[]> {
  const configured = await git('config', '--get-all', 'coord.protect');
  const names = configured.status === 0 ? configured : await git('symbolic-ref', '--quiet', 'HEAD');
  return names.text.split('\n').flatMap((name) => (name === '' ? [] : [name.replace(/^refs\/heads\//, '')]));
}
