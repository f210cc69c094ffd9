import type { CloneGit } from './clone-git.ts';

/** A worktree of the clone, as git lists it. */
export interface Worktree {
  readonly dir: string;
  /** `refs/heads/…`; null: HEAD is detached, or the repository is bare. */
  readonly branch: string | null;
  readonly bare: boolean;
  readonly locked: boolean;
  /** Its folder is gone. */
  readonly gone: boolean;
}

/** The main worktree first. @throws CoordError `unavailable` */
export async function listWorktrees(git: CloneGit): Promise<Worktree[]> {
  return parseWorktrees(await git.text(['worktree', 'list', '--porcelain', '-z']));
}

/** Of `git worktree list --porcelain -z`. */
export function parseWorktrees(listed: string): Worktree[] {
  return listed.split('\0\0').flatMap((entry) => {
    const lines = entry.split('\0').filter((line) => line !== '');
    const value = (name: string) => lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
    const dir = value('worktree');
    if (dir === undefined) return [];
    const has = (name: string) => lines.some((line) => line === name || line.startsWith(`${name} `));
    return {
      dir,
      branch: value('branch') ?? null,
      bare: has('bare'),
      locked: has('locked'),
      gone: has('prunable'),
    };
  });
}
