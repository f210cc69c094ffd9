import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CoordError } from '../errors.ts';
import { type ConfigEntry, configQuery, parseConfig } from '../transport/git-config.ts';
import { gitEnvironment, runGit, runGitNow } from '../transport/git-process.ts';

/** Facts of the clone that a command runs in, as git tells them. */
export interface Clone {
  /** The git folder of this worktree: `.git`, or `.git/worktrees/<name>`. */
  readonly gitDir: string;
  /** The git folder that all worktrees share. */
  readonly commonDir: string;
  /** The worktree's root; null in a bare repository or inside the git folder. */
  readonly topLevel: string | null;
  /** `<commonDir>/coord` (protocol 1). */
  readonly coordDir: string;
  readonly objectFormat: 'sha1' | 'sha256';
  readonly isShallow: boolean;
  /** All of git's configuration: section and name in lower case, the values of a key in order. */
  readonly gitConfig: ReadonlyMap<string, readonly string[]>;
  /** The same, as git listed it. */
  readonly configEntries: readonly ConfigEntry[];
}

export interface CloneRequest {
  /** The folder to look from (`-C` applied). */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** `merge-tree --write-tree` came with 2.38, `cat-file --batch-command` with 2.36. */
export const gitVersionRequired = '2.38';
const gitTimeoutMs = 20_000;

/** What git itself uses to find a repository: honoured here, as in a hook, and passed on to nobody. */
const locators = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_COMMON_DIR'] as const;

/**
 * Reads the facts with two git processes.
 * @throws CoordError `not-found` outside a repository, `unavailable` when git is missing, too old or refuses
 */
export async function readClone(request: CloneRequest): Promise<Clone> {
  const { cwd } = request;
  const folder = await stat(cwd).catch(() => null);
  if (folder === null || !folder.isDirectory())
    throw new CoordError('not-found', `${cwd} is no folder`, { hint: 'Name an existing one with -C.' });
  const located = Object.fromEntries(locators.map((name) => [name, request.env[name]]));
  const env = gitEnvironment(request.env, located);
  const query = [
    '--is-shallow-repository',
    '--show-object-format',
    '--path-format=absolute',
    '--git-dir',
    '--git-common-dir',
    // last, for it fails where there is no worktree
    '--show-toplevel',
  ];
  const facts = runGitNow(['rev-parse', ...query], { cwd, env, timeoutMs: gitTimeoutMs });
  const config = runGitNow(configQuery, { cwd, env, timeoutMs: gitTimeoutMs });
  const lines = facts.stdout.toString('utf8').split('\n');
  const noWorktree = facts.status !== 0 && facts.stderr.includes('must be run in a work tree');
  const [isShallow, objectFormat, gitDir, commonDir, topLevel] = lines;
  const complete = lines.length === (noWorktree ? 5 : 6) && gitDir?.startsWith('--') === false;
  if ((facts.status !== 0 && !noWorktree) || !complete || gitDir === undefined || commonDir === undefined)
    throw await cloneProblem(request, facts.stderr);
  if (config.status !== 0) throw new CoordError('unavailable', `git config: ${firstLine(config.stderr)}`);
  const configEntries = parseConfig(config.stdout.toString('utf8'));
  return {
    gitDir,
    commonDir,
    topLevel: noWorktree ? null : worktreeOf(located, topLevel),
    coordDir: join(commonDir, 'coord'),
    objectFormat: objectFormat === 'sha256' ? 'sha256' : 'sha1',
    isShallow: isShallow === 'true',
    gitConfig: configValues(configEntries),
    configEntries,
  };
}

/** With GIT_DIR alone git takes the current folder for the work tree; it is one only where a repository stands in it. */
function worktreeOf(located: NodeJS.ProcessEnv, topLevel: string | undefined): string | null {
  if (topLevel === undefined) return null;
  const guessed = located.GIT_DIR !== undefined && located.GIT_WORK_TREE === undefined;
  return guessed && !existsSync(join(topLevel, '.git')) ? null : topLevel;
}

async function cloneProblem(request: CloneRequest, stderr: string): Promise<CoordError> {
  const tooOld = await checkGitVersion(request).then(
    () => null,
    (error: unknown) => error,
  );
  if (tooOld instanceof CoordError) return tooOld;
  if (/not a git repository/i.test(stderr))
    return new CoordError('not-found', `${resolve(request.cwd)} is in no git repository`, {
      hint: 'git coord works in a clone of your project: go there, or name it with -C <dir>.',
      next: ['git init', 'git coord init'],
    });
  const words = stderr.trim() === '' ? 'git did not name the repository' : stderr.trim().replace(/^fatal: /, '');
  return new CoordError('unavailable', `git refuses to use this repository: ${words}`);
}

/** All values of each key. A key without a value counts as true, as git has it. */
export function configValues(entries: readonly ConfigEntry[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const { key, value } of entries) values.set(key, [...(values.get(key) ?? []), value ?? 'true']);
  return values;
}

/** The version of the git on the PATH, as `2.39.5`. @throws CoordError `unavailable` when there is none */
export async function gitVersion(request: CloneRequest): Promise<string> {
  const env = gitEnvironment(request.env);
  const { stdout, status, stderr } = await runGit(['version'], { cwd: request.cwd, env, timeoutMs: gitTimeoutMs });
  const version = /\d+\.\d+(\.\d+)*/.exec(stdout.toString('latin1'))?.[0];
  if (status === 0 && version !== undefined) return version;
  throw new CoordError('unavailable', `git does not tell its version: ${firstLine(stderr)}`);
}

/** @throws CoordError `unavailable` naming the version that is needed and the one that was found */
export async function checkGitVersion(request: CloneRequest): Promise<string> {
  const found = await gitVersion(request);
  if (isOlder(found, gitVersionRequired))
    throw new CoordError('unavailable', `git ${gitVersionRequired} or newer is needed; this one is ${found}`, {
      hint: 'Install a newer git and put it first on the PATH.',
    });
  return found;
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [majorMin = 0, minorMin = 0] = than.split('.').map(Number);
  return major < majorMin || (major === majorMin && minor < minorMin);
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
