/**
 * A hooks folder that other repositories use too (a global core.hooksPath) stays as it is. The clone gets a folder of its
 * own before it, `<git folder>/coord-hooks`, whose hooks go on with the shared ones.
 */
import { access, constants, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clone } from '../config/clone.ts';
import { CoordError } from '../errors.ts';
import { type HookName, hookNames, shellWord, wholeFile } from './block.ts';
import { frontFolder, git, hooksPath } from './places.ts';
import { readShipped, writeExecutable } from './script.ts';

/** What the clone's hooks were before. */
interface Before {
  readonly shared: string;
  /** core.hooksPath in the clone's own configuration. */
  readonly local: string | null;
}

const beforeFile = (clone: Clone): string => join(frontFolder(clone), '.before');

export async function readBefore(clone: Clone): Promise<Before | null> {
  try {
    return JSON.parse(await readFile(beforeFile(clone), 'utf8')) as Before;
  } catch {
    return null;
  }
}

/** @throws CoordError `unavailable` when git does not use the folder in the end */
export async function installFront(clone: Clone, env: NodeJS.ProcessEnv, shared: string): Promise<void> {
  const folder = frontFolder(clone);
  const before = (await readBefore(clone)) ?? { shared, local: await hooksPath(clone, env, true) };
  await mkdir(folder, { recursive: true });
  await writeFile(beforeFile(clone), `${JSON.stringify(before)}\n`);
  const names = new Set<string>([...hookNames, ...(await executables(before.shared))]);
  for (const name of names) await writeExecutable(join(folder, name), await frontHook(name, before.shared));
  await git(clone, env, ['config', '--local', 'core.hooksPath', folder]);
  if ((await hooksPath(clone, env)) === folder) return;
  await uninstallFront(clone, env);
  throw new CoordError('unavailable', 'core.hooksPath is set somewhere that goes before the clone, so it stays', {
    hint: `It leads to ${shared}, which other repositories use too.`,
    next: ['git config --show-origin --get-all core.hooksPath'],
  });
}

export async function frontHook(name: string, shared: string): Promise<string> {
  const next = shellWord(join(shared, name));
  if (isOurs(name)) return wholeFile({ template: await readShipped(name), beside: false, next });
  return `#!/bin/sh\n[ ! -x ${next} ] || exec ${next} "$@"\n`;
}

const isOurs = (name: string): name is HookName => hookNames.some((each) => each === name);

/** True when it was there. */
export async function uninstallFront(clone: Clone, env: NodeJS.ProcessEnv): Promise<boolean> {
  const before = await readBefore(clone);
  if (before === null) return false;
  if ((await hooksPath(clone, env, true)) === frontFolder(clone)) {
    const back = before.local === null ? ['--unset', 'core.hooksPath'] : ['core.hooksPath', before.local];
    await git(clone, env, ['config', '--local', ...back]);
  }
  await rm(frontFolder(clone), { recursive: true, force: true });
  return true;
}

async function executables(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const runs = await Promise.all(names.map((name) => isProgram(join(folder, name))));
  return names.filter((name, i) => runs[i] === true && /^[a-z][a-z0-9-]*$/.test(name));
}

/** A folder may be entered, and is none. */
async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
