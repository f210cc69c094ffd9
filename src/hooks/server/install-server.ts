/** Installs the hooks of a repository that is pushed to, beside what is there, and takes them away without a trace. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CoordError } from '../../errors.ts';
import { serverHookNames } from '../block.ts';
import { type HookFile, type HookState, hookState, installHook, uninstallHook } from '../hook-file.ts';
import type { InstalledHook } from '../install.ts';
import { onDisk } from '../on-disk.ts';
import { bake, readPackaged, readShipped, writeExecutable } from '../script.ts';
import { type ServerPlace, serverPlace } from './server-place.ts';

export interface ServerHooksReport {
  readonly installed: readonly InstalledHook[];
  readonly place: ServerPlace;
}

export interface ServerHooksRequest {
  /** A bare repository on this machine. */
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  /** The Node that the hooks start, where it is still there. */
  readonly node: string;
}

const scriptName = 'git-coord-server';
const bundleName = `${scriptName}.cjs`;

/** What `pre-receive` leaves for `reference-transaction`. */
const passedName = 'coord-passed';

/** Idempotent. @throws CoordError `not-found` (no repository), `not-ready` (a shared hooks folder), `exists`, `unavailable` */
export const installServerHooks = (request: ServerHooksRequest): Promise<ServerHooksReport> =>
  onDisk(() => install(request));

async function install(request: ServerHooksRequest): Promise<ServerHooksReport> {
  const place = await serverPlace(request.path, request.env);
  if (!place.bare)
    throw new CoordError(
      'not-ready',
      `${request.path} is somebody's clone: its own commits would go through the hooks`,
      {
        hint: 'They guard a repository that is pushed to. For a clone there are hooks of their own.',
        next: ['git coord hooks install'],
      },
    );
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

/** Answers the hooks that were taken away, each as `missing`. @throws CoordError `unavailable` */
export const uninstallServerHooks = (request: ServerHooksRequest): Promise<readonly InstalledHook[]> =>
  onDisk(() => uninstall(request));

async function uninstall(request: ServerHooksRequest): Promise<readonly InstalledHook[]> {
  const { folder, gitDir } = await serverPlace(request.path, request.env);
  const removed: InstalledHook[] = [];
  for (const name of serverHookNames) {
    const path = join(folder, name);
    if (await uninstallHook(path)) removed.push({ name, path, state: 'missing' });
  }
  for (const name of [scriptName, bundleName]) await rm(join(folder, name), { force: true });
  await rm(join(gitDir, passedName), { recursive: true, force: true });
  return removed;
}

export async function serverHooksStatus(request: ServerHooksRequest): Promise<ServerHooksReport> {
  const place = await serverPlace(request.path, request.env);
  const scriptState = await stateOfScripts(place);
  const found: InstalledHook[] = [];
  for (const { name, file } of await hookFiles(place)) {
    const state = await hookState(file);
    found.push({ name, path: file.path, state: state === 'installed' ? scriptState : state });
  }
  return { installed: found, place };
}

async function scripts({ prefix }: ServerPlace, node: string): Promise<[string, string][]> {
  return [
    [bundleName, await readPackaged(`dist/${bundleName}`)],
    [scriptName, bake(await readShipped(scriptName), { prefix, node })],
  ];
}

/** Whichever Node was named: a later one starts the same. */
async function stateOfScripts(place: ServerPlace): Promise<HookState> {
  for (const [name, text] of await scripts(place, '')) {
    const found = await readFile(join(place.folder, name), 'latin1').catch(() => null);
    if (found === null) return 'missing';
    if (found.replace(/^node=.*$/m, "node=''") !== text) return 'outdated';
  }
  return 'installed';
}

async function hookFiles({ folder }: ServerPlace): Promise<{ name: string; file: HookFile }[]> {
  return Promise.all(
    serverHookNames.map(async (name) => {
      const template = await readShipped(name);
      return { name, file: { path: join(folder, name), template, beside: true, anyMode: false } };
    }),
  );
}
