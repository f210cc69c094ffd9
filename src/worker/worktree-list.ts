import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CloneGit, gitFailure } from './clone-git.ts';

/** A worktree of the clone, as git lists it. */
export interface Worktree {
  readonly dir: string;
  /** The commit that is checked out; null: none yet, or the repository is bare. */
  readonly head: string | null;
  /** `refs/heads/…`; null: HEAD is detached, or the repository is bare. */
  readonly branch: string | null;
  readonly bare: boolean;
  readonly locked: boolean;
  /** Its folder is gone. */
  readonly gone: boolean;
}

const triesMax = 6;

/**
 * The main worktree first. While one is being made or removed the listing of all fails: it is made again (trap 15).
 * @throws CoordError `unavailable`
 */
export async function listWorktrees(git: CloneGit): Promise<Worktree[]> {
  for (let tries = 1; ; tries++) {
    const { status, stdout, stderr } = await git.try(['worktree', 'list', '--porcelain', '-z']);
    if (status === 0) return withMainFound(git, parseWorktrees(stdout.toString('utf8')));
    if (tries >= triesMax || !stderr.includes('worktrees/')) throw gitFailure('worktree list', stderr);
    await delay(20 * tries);
  }
}

/**
 * Where the git folder lies elsewhere (a submodule, `--separate-git-dir`) git names that for the main worktree. Its files are where
 * `core.worktree` says, or where we are.
 */
async function withMainFound(git: CloneGit, all: readonly Worktree[]): Promise<Worktree[]> {
  const [main, ...linked] = all;
  if (main === undefined || main.bare || existsSync(join(main.dir, '.git'))) return [...all];
  for (const dir of [main.dir, git.dir]) {
    const { status, stdout } = await git.try(['rev-parse', '--absolute-git-dir', '--show-toplevel'], { dir });
    const [gitDir, top] = stdout.toString('utf8').split('\n');
    if (status === 0 && gitDir === main.dir && top !== undefined) return [{ ...main, dir: top }, ...linked];
  }
  return [...all];
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
      head: value('HEAD') ?? null,
      branch: value('branch') ?? null,
      bare: has('bare'),
      locked: has('locked'),
      gone: has('prunable'),
    };
  });
}
