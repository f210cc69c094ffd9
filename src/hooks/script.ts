/** The script that all three hooks run: `<git folder>/hooks/git-coord`, with what it must know while Node is away. */
import { existsSync } from 'node:fs';
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.ts';
import { CoordError } from '../errors.ts';
import { type HookName, type ServerHookName, shellWord } from './block.ts';

export interface Baked {
  readonly policy: string;
  readonly prefix: string;
  /** What stands before and after the id in a task's branch. */
  readonly branch_start: string;
  readonly branch_end: string;
  /** The command that installed the hooks, for when it isn't on the PATH. */
  readonly tool: string;
  readonly node: string;
}

type FromConfig = Pick<Baked, 'policy' | 'prefix' | 'branch_start' | 'branch_end'>;

export const scriptPath = (commonDir: string): string => join(commonDir, 'hooks', 'git-coord');

export function bakedOf(config: Config): FromConfig {
  const [branch_start = '', branch_end = ''] = config.tasks.branch.split('{id}');
  return { policy: config.hooks.policy, prefix: config.coordination.prefix, branch_start, branch_end };
}

/** A file of the package's `hooks` folder. @throws CoordError `unavailable` when the package is not complete */
export const readShipped = (name: HookName | ServerHookName | 'git-coord' | 'git-coord-server'): Promise<string> =>
  readPackaged(`hooks/${name}`);

/** A file of the package. @throws CoordError `unavailable` when it is not complete */
export async function readPackaged(name: string): Promise<string> {
  // two levels up from a source file and from a chunk of the bundle alike
  const path = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  return readFile(path, 'latin1').catch((cause: unknown) => {
    throw new CoordError('unavailable', `${path} is missing: this git-coord is not complete`, { cause });
  });
}

/** The script's text with these values in its first assignments. */
export function bake(script: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce(
    (text, [name, value]) => text.replace(new RegExp(`^${name}=.*$`, 'm'), () => `${name}=${shellWord(value)}`),
    script,
  );
}

/** Brings an installed script up to the configuration; without one, or when it can't be written, nothing happens. */
export async function refreshScript(commonDir: string, config: Config): Promise<void> {
  const path = scriptPath(commonDir);
  if (!existsSync(path)) return;
  try {
    const text = await readFile(path, 'latin1');
    const fresh = bake(text, bakedOf(config));
    if (fresh !== text) await writeExecutable(path, fresh);
  } catch {
    // the hook goes on with what it knows
  }
}

/** Replaced as a whole: a hook that runs meanwhile reads on in the old file. */
export async function writeExecutable(path: string, text: string, mode = 0o755): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  try {
    await writeFile(beside, text, 'latin1');
    await chmod(beside, mode);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  }
}
