/**
 * The store isn't the clone, yet talks to the remote with the clone's whole configuration: tokens in `http.extraHeader`,
 * credentials, `insteadOf`, `core.sshCommand`, includes. What the clone has and the store's own view lacks is handed to
 * the store's git through `GIT_CONFIG_COUNT`; what both see (the user's and the system's files) isn't, because a header
 * that is sent twice is refused by some servers.
 */
import { CoordError } from '../../errors.ts';
import { type ConfigEntry, configQuery, parseConfig } from '../git-config.ts';
import { runGit } from '../git-process.ts';
import { cleanWords } from './redact.ts';

export interface CloneConfigOptions {
  /** The clone's common git folder. */
  readonly cloneGitDir: string;
  /** The clone's work tree: where worktree-specific configuration is looked up, and relative paths begin. */
  readonly cloneTop: string;
  readonly store: string;
  /** The clone's configuration, where it was just read. */
  readonly entries?: readonly ConfigEntry[] | undefined;
  /** Made by `gitEnvironment`. */
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

/** Keys that describe the clone as a repository, or would change what our commands do. Lower case, as git lists them. */
const notHandedOver = [
  /^core\.(bare|worktree|repositoryformatversion|hookspath|logallrefupdates|fsmonitor|untrackedcache|splitindex)$/,
  /^core\.(sharedrepository|alternaterefs.*|sparsecheckout.*|filemode|ignorecase|symlinks|precomposeunicode)$/,
  /^remote\..*\.(fetch|push|mirror|promisor|partialclonefilter|tagopt|prune|prunetags|skipfetchall|skipdefaultupdate)$/,
  /^(extensions|include|includeif|branch|push|fetch|receive|gc|maintenance|submodule|alias|coord|trace2)\./,
  /^transfer\.(hiderefs|fsckobjects|unpacklimit|advertisesid|credentialsinurl)$/,
];

export interface CloneConfig {
  /** The clone's configuration, whole. */
  readonly entries: readonly ConfigEntry[];
  /** Variables for the store's git: the clone's entries, then those that the environment already had. */
  readonly variables: NodeJS.ProcessEnv;
  /** Whether the user limits slow HTTP transfers already. */
  readonly limitsSlowHttp: boolean;
}

/** @throws CoordError `config` when the clone's configuration can't be read */
export async function readCloneConfig(options: CloneConfigOptions): Promise<CloneConfig> {
  const { cloneGitDir, cloneTop, store, env, timeoutMs } = options;
  const request = { cwd: cloneTop, env, timeoutMs };
  // from the work tree without --git-dir git finds a linked worktree's own configuration too
  const clone =
    options.entries ??
    (await listConfig(['-C', cloneTop], request)) ??
    (await listConfig([`--git-dir=${cloneGitDir}`], request));
  if (clone === null) throw new CoordError('config', `the configuration of ${cloneTop} can't be read`);
  // Only an include that depends on the repository makes the store's view of the user's files another one.
  const differs = clone.some((entry) => isShared(entry) && entry.key.startsWith('includeif.'));
  const ours = differs ? await listConfig([`--git-dir=${store}`], request) : clone;
  const entries = missingEntries(clone, ours ?? []);
  const limitsSlowHttp = clone.some(({ key }) => /^http\.(.*\.)?lowspeed(limit|time)$/.test(key));
  return { entries: clone, variables: configVariables(entries, env), limitsSlowHttp };
}

/** The clone's entries that the store's view lacks, in their order. Those of the environment are inherited as they are. */
function missingEntries(clone: readonly ConfigEntry[], ours: readonly ConfigEntry[]): ConfigEntry[] {
  const seen = new Map<string, number>();
  for (const entry of ours) {
    if (isShared(entry)) seen.set(identity(entry), (seen.get(identity(entry)) ?? 0) + 1);
  }
  return clone.filter((entry) => {
    if (entry.scope === 'command' || notHandedOver.some((pattern) => pattern.test(entry.key))) return false;
    if (!isShared(entry)) return true;
    const count = seen.get(identity(entry)) ?? 0;
    seen.set(identity(entry), count - 1);
    return count <= 0;
  });
}

function isShared({ scope }: ConfigEntry): boolean {
  return scope === 'system' || scope === 'global';
}

function identity({ scope, key, value }: ConfigEntry): string {
  return JSON.stringify([scope, key, value]);
}

/** Later entries win, so the environment's own come last. */
function configVariables(entries: readonly ConfigEntry[], env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const variables: NodeJS.ProcessEnv = {};
  let count = 0;
  const add = (key: string, value: string) => {
    variables[`GIT_CONFIG_KEY_${count}`] = key;
    variables[`GIT_CONFIG_VALUE_${count}`] = value;
    count += 1;
  };
  for (const { key, value } of entries) add(key, value ?? 'true');
  const inherited = Number(env.GIT_CONFIG_COUNT ?? 0) || 0;
  for (let index = 0; index < inherited; index++) {
    const key = env[`GIT_CONFIG_KEY_${index}`];
    if (key !== undefined) add(key, env[`GIT_CONFIG_VALUE_${index}`] ?? '');
  }
  if (count > 0) variables.GIT_CONFIG_COUNT = String(count);
  return variables;
}

async function listConfig(
  location: readonly string[],
  request: { cwd: string; env: NodeJS.ProcessEnv; timeoutMs: number },
): Promise<ConfigEntry[] | null> {
  const { status, stdout, stderr } = await runGit([...location, ...configQuery], request);
  if (status !== 0 && /bad config|unable to parse|could not expand include/i.test(stderr)) {
    throw new CoordError('config', `git can't read the clone's configuration: ${cleanWords(stderr)}`);
  }
  return status === 0 ? parseConfig(stdout.toString('utf8')) : null;
}
