import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { CloneGit } from './clone-git.ts';

/**
 * Files in a worktree that are in no commit, and that a move of it from one commit to another would overwrite or delete: git
 * itself spares those that it doesn't ignore alone. @throws CoordError `unavailable`
 */
export async function filesInTheWay(git: CloneGit, dir: string, from: string, to: string): Promise<string[]> {
  const filter = ['--no-renames', '--name-only', '--diff-filter=AT', '-z'];
  const added = names(await git.text(['diff-tree', '-r', ...filter, from, to], { dir }));
  const met = new Set(added.flatMap((path) => firstObstacle(dir, path) ?? []));
  if (met.size === 0) return [];
  return names(await git.text(['--literal-pathspecs', 'ls-files', '--others', '-z', '--', ...met], { dir }));
}

const names = (listed: string): string[] => listed.split('\0').filter((name) => name !== '');

/** What stands where a file is to be made, or where a folder of its path is. */
function firstObstacle(dir: string, path: string): string | null {
  const parts = path.split('/');
  for (let length = 1; length <= parts.length; length++) {
    const part = parts.slice(0, length).join('/');
    const found = lstatSync(join(dir, part), { throwIfNoEntry: false });
    if (found === undefined) return null;
    if (length === parts.length || !found.isDirectory()) return part;
  }
  return null;
}
