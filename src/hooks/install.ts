/** Installs the git hooks next to what is there, and takes them away without a trace. */
import { mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clone } from '../config/clone.ts';
import type { Config } from '../config/config.ts';
import { quoted } from '../coordinator/diagnose.ts';
import { CoordError } from '../errors.ts';
import { hookNames } from './block.ts';
import { frontHook, installFront, readBefore, uninstallFront } from './front-folder.ts';
import { type HookFile, type HookState, hookState, installHook, uninstallHook } from './hook-file.ts';
import { onDisk } from './on-disk.ts';
import { frontFolder, type HookPlace, hooksPath, linkedAway, placeOf } from './places.ts';
import { type Baked, bake, bakedOf, readShipped, scriptPath, writeExecutable } from './script.ts';

export interface HooksRequest {
  readonly clone: Clone;
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  /** How this very command was started: the hooks use it where git-coord isn't on the PATH. */
  readonly program: Pick<Baked, 'tool' | 'node'>;
}

export interface InstalledHook {
  readonly name: string;
  readonly path: string;
  readonly state: HookState;
}

export interface HooksReport {
  readonly installed: readonly InstalledHook[];
  readonly place: HookPlace;
}

/** Idempotent. @throws CoordError `exists`, `unavailable` */
export const installHooks = (request: HooksRequest): Promise<HooksReport> => onDisk(() => install(request));

async function install(request: HooksRequest): Promise<HooksReport> {
  const { clone, config, env, program } = request;
  const place = await currentPlace(clone, env);
  const away = linkedAway(place, clone);
  if (away !== null) throw othersHooks(place.folder, away);
  const script = scriptPath(clone.commonDir);
  await mkdir(dirname(script), { recursive: true });
  await writeExecutable(script, bake(await readShipped('git-coord'), { ...bakedOf(config), ...program }));
  if (place.kind === 'shared') await installFront(clone, env, place.folder);
  else for (const { file } of await hookFiles(place)) await installHook(file);
  return hooksStatus(request);
}

const othersHooks = (link: string, folder: string): CoordError =>
  new CoordError('exists', `${link} is a link to ${folder}, which other repositories may use too`, {
    hint: 'Have git go there by its setting: then that folder stays as it is, and the clone gets one of its own before it.',
    next: [`rm ${quoted(link)} && git config core.hooksPath ${quoted(folder)}`, 'git coord hooks install'],
  });

/** Answers the hooks that were taken away, each as `missing`. @throws CoordError `unavailable` */
export const uninstallHooks = (request: Pick<HooksRequest, 'clone' | 'env'>): Promise<HooksReport> =>
  onDisk(() => uninstall(request));

async function uninstall(request: Pick<HooksRequest, 'clone' | 'env'>): Promise<HooksReport> {
  const { clone, env } = request;
  const place = await currentPlace(clone, env);
  const removed: InstalledHook[] = [];
  if (await uninstallFront(clone, env))
    for (const name of hookNames) removed.push({ name, path: join(frontFolder(clone), name), state: 'missing' });
  // core.hooksPath may have been changed since: our own folder is looked through in any case
  const places: HookPlace[] = [place, placeOf(clone, null)].filter(({ kind }) => kind !== 'shared');
  for (const each of places)
    for (const { name, file } of await hookFiles(each))
      if (await uninstallHook(file.path)) removed.push({ name, path: file.path, state: 'missing' });
  await rm(scriptPath(clone.commonDir), { force: true });
  if (place.kind === 'tree' || place.kind === 'husky') await rmdir(place.folder).catch(() => {}); // when empty
  return { installed: removed, place };
}

export async function hooksStatus({ clone, env }: Pick<HooksRequest, 'clone' | 'env'>): Promise<HooksReport> {
  const place = await currentPlace(clone, env);
  const installed: InstalledHook[] = [];
  const scriptState = await stateOfScript(clone);
  const add = (name: string, path: string, state: HookState) =>
    installed.push({ name, path, state: state === 'installed' ? scriptState : state });
  if (place.kind === 'shared')
    for (const name of hookNames) {
      const path = join(frontFolder(clone), name);
      const active = (await hooksPath(clone, env)) === frontFolder(clone);
      const text = await readFile(path, 'latin1').catch(() => null);
      const current = text === (await frontHook(name, place.folder));
      add(name, path, text === null || !active ? 'missing' : current ? 'installed' : 'outdated');
    }
  else for (const { name, file } of await hookFiles(place)) add(name, file.path, await hookState(file));
  return { installed, place };
}

/** Hooks whose script is gone let everything pass: they count as missing. */
async function stateOfScript(clone: Clone): Promise<HookState> {
  const text = await readFile(scriptPath(clone.commonDir), 'latin1').catch(() => null);
  if (text === null) return 'missing';
  const bare = (script: string) => script.replace(/^(policy|prefix|branch_start|branch_end|tool|node)=.*$/gm, '$1=');
  return bare(text) === bare(await readShipped('git-coord')) ? 'installed' : 'outdated';
}

/** The place as it was before a folder of ours was put in front of it. */
async function currentPlace(clone: Clone, env: NodeJS.ProcessEnv): Promise<HookPlace> {
  const path = await hooksPath(clone, env);
  const before = path === frontFolder(clone) ? await readBefore(clone) : null;
  return placeOf(clone, before?.shared ?? path);
}

async function hookFiles({ folder, kind }: HookPlace): Promise<{ name: string; file: HookFile }[]> {
  return Promise.all(
    hookNames.map(async (name) => {
      const template = await readShipped(name);
      return { name, file: { path: join(folder, name), template, beside: kind === 'own', anyMode: kind === 'husky' } };
    }),
  );
}
