/** Installs the hooks of a repository that is pushed to, beside what is there, and takes them away without a trace. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { CoordError } from '../../errors.ts';
import { gitEnvironment, runGit } from '../../transport/git-process.ts';
import { serverHookNames } from '../block.ts';
import { type HookFile, type HookState, hookState, installHook, uninstallHook } from '../hook-file.ts';
import type { InstalledHook } from '../install.ts';
import { bake, readPackaged, readShipped, writeExecutable } from '../script.ts';

export interface ServerHooksRequest {
  /** A repository on this machine, bare or not. */
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  /** The Node that the hooks start, where it is still there. */
  readonly node: string;
}

const gitTimeoutMs = 20_000;
const scriptName = 'git-coord-server';
const bundleName = `${scriptName}.cjs`;

/** What `pre-receive` leaves for `reference-transaction`. */
const passedName = 'coord-passed';

interface Place {
  /** The repository takes atomic pushes, as git's own do by default. */
  readonly atomic: boolean;
  readonly gitDir: string;
  readonly folder: string;
  readonly prefix: string;
}

/** Idempotent. @throws CoordError `not-found` (no repository), `not-ready` (a shared hooks folder), `exists`, `unavailable` */
export async function installServerHooks(request: ServerHooksRequest): Promise<readonly InstalledHook[]> {
  const place = await placeOf(request);
  if (!place.atomic)
    throw new CoordError(
      'not-ready',
      'the repository takes no atomic pushes, so tasks and claims could not move together',
      {
        hint: 'The hooks would refuse nearly all that git coord does.',
        next: [`git --git-dir=${place.gitDir} config --unset receive.advertiseAtomic`],
      },
    );
  await mkdir(place.folder, { recursive: true });
  // what the hooks run comes first: a push meanwhile finds it
  for (const [name, text] of await scripts(place, request.node)) await writeExecutable(join(place.folder, name), text);
  for (const { file } of await hookFiles(place)) await installHook(file);
  return serverHooksStatus(request);
}

/** Answers the hooks that were taken away, each as `missing`. */
export async function uninstallServerHooks(request: ServerHooksRequest): Promise<readonly InstalledHook[]> {
  const { folder, gitDir } = await placeOf(request);
  const removed: InstalledHook[] = [];
  for (const name of serverHookNames) {
    const path = join(folder, name);
    if (await uninstallHook(path)) removed.push({ name, path, state: 'missing' });
  }
  for (const name of [scriptName, bundleName]) await rm(join(folder, name), { force: true });
  await rm(join(gitDir, passedName), { recursive: true, force: true });
  return removed;
}

export async function serverHooksStatus(request: ServerHooksRequest): Promise<readonly InstalledHook[]> {
  const place = await placeOf(request);
  const scriptState = await stateOfScripts(place);
  const found: InstalledHook[] = [];
  for (const { name, file } of await hookFiles(place)) {
    const state = await hookState(file);
    found.push({ name, path: file.path, state: state === 'installed' ? scriptState : state });
  }
  return found;
}

async function scripts({ prefix }: Place, node: string): Promise<[string, string][]> {
  return [
    [bundleName, await readPackaged(`dist/${bundleName}`)],
    [scriptName, bake(await readShipped(scriptName), { prefix, node })],
  ];
}

/** Whichever Node was named: a later one starts the same. */
async function stateOfScripts(place: Place): Promise<HookState> {
  for (const [name, text] of await scripts(place, '')) {
    const found = await readFile(join(place.folder, name), 'latin1').catch(() => null);
    if (found === null) return 'missing';
    if (found.replace(/^node=.*$/m, "node=''") !== text) return 'outdated';
  }
  return 'installed';
}

async function hookFiles({ folder }: Place): Promise<{ name: string; file: HookFile }[]> {
  return Promise.all(
    serverHookNames.map(async (name) => {
      const template = await readShipped(name);
      return { name, file: { path: join(folder, name), template, beside: true, anyMode: false } };
    }),
  );
}

async function placeOf({ path, env }: ServerHooksRequest): Promise<Place> {
  const gitDir = existsSync(join(path, '.git')) ? join(path, '.git') : path;
  const git = async (...args: string[]) => {
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
  return { gitDir: found.text, folder, prefix: await prefixOf(git), atomic: atomic !== 'false' };
}

/** Where the book is: what the repository's configuration says, else where one is already (protocol 2). */
async function prefixOf(git: (...args: string[]) => Promise<{ text: string }>): Promise<string> {
  const configured = (await git('config', '--get', 'coord.prefix')).text;
  if (configured !== '') return configured;
  const refs = (await git('for-each-ref', '--format=%(refname)', 'refs/coord/format', 'refs/heads/')).text.split('\n');
  const format = refs.find((ref) => ref.endsWith('/coord/format'));
  return format === undefined ? 'refs/' : format.slice(0, -'coord/format'.length);
}
