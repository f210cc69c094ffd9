/** Which worktree a path lies in, by looking for `.git` upwards: a hook that starts git for that takes twice as long. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface RepositoryPlace {
  /** The worktree's root. */
  readonly root: string;
  /** Its real path: the same for all worktrees of a repository. */
  readonly commonDir: string;
}

/** No system takes a longer one, and each folder of it would be looked for. */
const charsMax = 4096;

/** Of a file or folder that may not be there yet; links are followed. Null: in no repository. */
export function repositoryAt(path: string): RepositoryPlace | null {
  if (path.length > charsMax) return null;
  for (let folder = realOf(path); ; folder = dirname(folder)) {
    const commonDir = commonDirOf(join(folder, '.git'));
    if (commonDir !== null) return { root: folder, commonDir };
    if (dirname(folder) === folder) return null;
  }
}

function commonDirOf(git: string): string | null {
  try {
    if (statSync(git).isDirectory()) return realpathSync(git);
    const gitDir = resolve(dirname(git), /^gitdir: (.*)/.exec(readFileSync(git, 'utf8'))?.[1] ?? '');
    return realpathSync(resolve(gitDir, readLine(join(gitDir, 'commondir')) ?? '.'));
  } catch {
    return null;
  }
}

function readLine(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** The real path of the nearest of its folders that is there. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : realOf(dirname(path));
  }
}
