/**
 * Processes of git that are in the middle of something in a clone: running, stopped, or waiting for what they have started. One
 * may hold a lock that it doesn't have open: git closes a lock's file before it renames it, and a hook, a slow disk or Ctrl-Z
 * makes that long. Taken away, what git wrote in between would be written over by an older state. The git of a `git coord …`,
 * which waits for this tool, has nothing of its own in work.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import type { Clone } from '../config/clone.ts';
import { processFacts } from '../config/sessions.ts';

type Place = Pick<Clone, 'commonDir' | 'coordDir'>;

/** Their ids; none where the system can't tell (no /proc), or they are another user's. */
export function gitAtWork(clone: Place): Set<number> {
  const folders = foldersOf(clone);
  const all = namesIn('/proc').map(Number).filter(Number.isInteger);
  const facts = new Map(all.map((pid) => [pid, processFacts(pid)]));
  const parents = new Set([...facts].flatMap(([pid, one]) => (one === null || isThisTool(pid) ? [] : one.parent)));
  const isAtWork = (pid: number): boolean => {
    const one = facts.get(pid);
    if (one == null || !/^git(-|$)/.test(one.name)) return false;
    return /^[RDTt]/.test(one.state) || (one.state !== 'Z' && parents.has(pid));
  };
  return new Set(all.filter((pid) => isAtWork(pid) && isAt(pid, folders, clone)));
}

/** In a folder of the clone, or told of it; in its store only this tool works. */
function isAt(pid: number, folders: readonly string[], { commonDir, coordDir }: Place): boolean {
  try {
    const words = wordsOf(pid);
    if (words.some((word) => word.includes(coordDir))) return false;
    const at = readlinkSync(`/proc/${pid}/cwd`) + sep;
    return words.some((word) => word.includes(commonDir)) || folders.some((folder) => at.startsWith(folder + sep));
  } catch {
    return false;
  }
}

/** By a path that node or a shell was given to run, or its own. */
function isThisTool(pid: number): boolean {
  try {
    return wordsOf(pid)
      .slice(0, 3)
      .some((word) => /^git-coord(\.cjs)?$/.test(basename(word)));
  } catch {
    return false;
  }
}

const wordsOf = (pid: number): string[] => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');

/** The git folder, and all worktrees that are known from there. */
function foldersOf({ commonDir }: Place): string[] {
  const linked = namesIn(join(commonDir, 'worktrees')).flatMap((name) => {
    try {
      return dirname(readFileSync(join(commonDir, 'worktrees', name, 'gitdir'), 'utf8').trim());
    } catch {
      return [];
    }
  });
  return [commonDir, ...(basename(commonDir) === '.git' ? [dirname(commonDir)] : []), ...linked];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
