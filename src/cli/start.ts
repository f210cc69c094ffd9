import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { worktreePlace } from '../app/worktree-place.ts';
import { parseId } from '../domain/ids.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import { taskBranch } from '../worker/branch-tips.ts';
import { type StartedWorktree, startWorktree } from '../worker/start-worktree.ts';
import { targetName } from '../worker/target-name.ts';
import { claimedText, claimRequest } from './claim.ts';
import type { Context } from './frame/context.ts';
import type { Parsed } from './frame/parsed.ts';
import type { Run } from './frame/spec.ts';
import { shellWord } from './frame/text.ts';
import { type Opened, withBook } from './with-book.ts';

/** Claims, and has a worktree and a branch for the task; a claim that was made for it is given back when that fails. */
export const run: Run = (context, parsed) =>
  withBook(context, parsed, async (opened) => {
    const { book, command } = opened;
    const id = parseId(parsed.positionals[0] ?? '');
    const claimed = await book.claim(id, claimRequest(context, parsed), command);
    try {
      const worktree = await worktreeFor(context, parsed, opened, claimed.task);
      return {
        data: { ...claimed, worktree: shown(worktree) },
        text: `${claimedText(claimed)}${startedText(id, worktree)}`,
      };
    } catch (error) {
      if (claimed.via !== 'already-mine') await giveBack(context, opened, id);
      throw error;
    }
  });

async function worktreeFor(context: Context, parsed: Parsed, opened: Opened, task: TaskView): Promise<StartedWorktree> {
  const { config, book } = opened.app;
  const place = worktreePlace(opened.app, context.notice);
  const branch = taskBranch(config.tasks.branch, task.id);
  const target = `refs/heads/${await targetName(place.git, book.remote, undefined)}`;
  return startWorktree(place, {
    task: task.id,
    branch,
    target,
    fresh: parsed.flag('fresh'),
    isFirst: task.term === 1,
  });
}

async function giveBack(context: Context, { book }: Opened, id: string): Promise<void> {
  try {
    await book.release(id);
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    context.warn(`the claim of ${id} stays: ${error.message}`);
  }
}

function shown({ dir, branch, how, point }: StartedWorktree) {
  return { path: dir, branch, how, from: point?.from ?? null, commit: point?.commit ?? null };
}

function startedText(id: string, { dir, how, point }: StartedWorktree): string {
  const place = { here: 'is there already', reused: 'is an earlier one, made ready', made: 'is new' }[how];
  const lines = [`worktree ${shellWord(dir)} ${place}`];
  if (point !== undefined) lines.push(`${pointText[point.from]} (${point.commit.slice(0, 12)})`);
  if (point?.from === 'own' && point.other !== null)
    lines.push(`the remote has other work on this branch: git merge ${point.other.slice(0, 12)}`);
  if (existsSync(join(dir, 'package-lock.json')) && !existsSync(join(dir, 'node_modules')))
    lines.push('no packages are installed there yet: npm ci');
  return `${lines.join('\n')}\n\nnext\n  cd ${shellWord(dir)}\n  git coord land ${id}\n`;
}

const pointText = {
  new: 'begins at the target branch',
  own: "goes on from this clone's work on it",
  previous: 'goes on from what was pushed for it before; --fresh begins anew',
} as const;
