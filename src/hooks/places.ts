/** Where git looks for the hooks of a clone, and which files there are to carry ours. */
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { Clone } from '../config/clone.ts';
import { gitEnvironment, runGit } from '../transport/git-process.ts';

export interface HookPlace {
  /** The folder whose hooks get our lines. */
  readonly folder: string;
  /**
   * own     the clone's own hooks folder, for all its worktrees
   * tree    a folder of the worktree that core.hooksPath names; its files may be tracked
   * husky   .husky, whose scripts husky runs whatever their mode
   * shared  a folder that other repositories use too: it is left alone, and the clone gets a folder before it
   */
  readonly kind: 'own' | 'tree' | 'husky' | 'shared';
}

const gitTimeoutMs = 20_000;

/** `<git folder>/coord-hooks`: stands before a shared folder. */
export const frontFolder = (clone: Pick<Clone, 'commonDir'>): string => join(clone.commonDir, 'coord-hooks');

/** `core.hooksPath` as git reads it, `~` resolved; null when unset. `local`: in the clone's own configuration alone. */
export async function hooksPath(clone: Clone, env: NodeJS.ProcessEnv, local = false): Promise<string | null> {
  const scope = local ? ['--local'] : [];
  const args = ['config', ...scope, '--type=path', '--get', 'core.hooksPath'];
  const { stdout, status } = await git(clone, env, args);
  return status === 0 ? stdout.toString('utf8').replace(/\n$/, '') : null;
}

/** Runs git in the clone. */
export function git(clone: Clone, env: NodeJS.ProcessEnv, args: readonly string[]) {
  return runGit(args, { gitDir: clone.gitDir, env: gitEnvironment(env), timeoutMs: gitTimeoutMs });
}

/** The place that this value of `core.hooksPath` leads to. */
export function placeOf(clone: Clone, path: string | null): HookPlace {
  const own = join(clone.commonDir, 'hooks');
  if (path === null) return { folder: own, kind: 'own' };
  // git looks for `/pre-commit` then
  if (path === '') return { folder: '/', kind: 'shared' };
  const folder = isAbsolute(path) ? path : resolve(clone.topLevel ?? clone.gitDir, path);
  if (realOf(folder) === realOf(own)) return { folder: own, kind: 'own' };
  if (!isAbsolute(path) || isInside(folder, clone.commonDir) || isInside(folder, clone.topLevel)) {
    const husky = basename(folder) === '_' && basename(dirname(folder)) === '.husky';
    return husky ? { folder: dirname(folder), kind: 'husky' } : { folder, kind: 'tree' };
  }
  return { folder, kind: 'shared' };
}

/** Where the clone's own hooks folder leads to, if that is a link to what other repositories may use too; else null. */
export function linkedAway({ folder, kind }: HookPlace, { commonDir, topLevel }: Clone): string | null {
  const isOurs = kind !== 'own' || isInside(folder, commonDir) || isInside(folder, topLevel);
  return isOurs ? null : realOf(folder);
}

function isInside(path: string, folder: string | null): boolean {
  return folder !== null && `${realOf(path)}${sep}`.startsWith(`${realOf(folder)}${sep}`);
}

/** The real path, of a folder that isn't there yet too. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realOf(parent), basename(path));
  }
}
