import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { livingOwner, type Owner, ownerGone } from '../config/owner.ts';
import { killMarked, markFor } from './strays.ts';

/**
 * `coord-task` in the git folder of a worktree that `start` made: for which task it is. A worktree without it is somebody's
 * own, and is left alone.
 *
 *   making   the process that makes it ready is at work, or died
 *   ready    work may be there
 *   left     its task is over, and what was there has been looked after
 */
export interface WorktreeMark {
  readonly task: string;
  readonly state: 'making' | 'ready' | 'left';
  /** Who made it ready, and works in it if it is a worker. */
  readonly maker: Owner | null;
  /** Left: the commit that was checked out, if the target has it. */
  readonly at: string | null;
}

/** What a worker that was killed had running there goes on without it: nothing it does can land. */
export async function endOrphans(dir: string, { maker }: WorktreeMark): Promise<void> {
  if (maker === null || ownerGone(maker)) await killMarked(markFor(dir));
}

/** Whoever makes it ready is at work. */
export const isBeingMade = ({ state, maker }: WorktreeMark): boolean =>
  state === 'making' && maker !== null && !ownerGone(maker);

const markPath = (gitDir: string): string => join(gitDir, 'coord-task');

/** Null: there is none that can be read. */
export async function readMark(gitDir: string): Promise<WorktreeMark | null> {
  try {
    return JSON.parse(await readFile(markPath(gitDir), 'utf8')) as WorktreeMark;
  } catch {
    return null;
  }
}

export async function writeMark(
  gitDir: string,
  task: string,
  state: WorktreeMark['state'],
  at: string | null = null,
): Promise<void> {
  const mark: WorktreeMark = { task, state, maker: livingOwner(process.pid), at };
  const path = markPath(gitDir);
  await writeFile(`${path}.new`, `${JSON.stringify(mark)}\n`);
  await rename(`${path}.new`, path);
}
