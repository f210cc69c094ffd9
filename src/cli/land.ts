import type { LandResult } from '../coordinator/land-task.ts';

import { parseId } from '../domain/ids.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import { taskBranch } from '../worker/branch-tips.ts';
import { cloneGit } from '../worker/clone-git.ts';
import { landingCode } from '../worker/landing-code.ts';
import { isAncestor } from '../worker/replay.ts';
import { targetName } from '../worker/target-name.ts';
import { workOf } from '../worker/work.ts';
import { ownerOf } from './claim.ts';
import { thenNext } from './done.ts';
import type { Context } from './frame/context.ts';
import type { Parsed } from './frame/parse.ts';
import type { Run } from './frame/spec.ts';
import { gatesOf } from './land-gates.ts';
import { jsonOrFile } from './task-input.ts';
import { type Opened, withBook } from './with-book.ts';
import { freeWorktree } from './worktree-place.ts';

export const run: Run = async (context, parsed) => {
  const range = parsed.text('verify');
  if (range !== undefined) return (await import('./land-verify.ts')).verify(context, parsed, range);
  if (parsed.positionals[0] === undefined)
    throw new CoordError('usage', 'land needs the id of a task', {
      next: ['git coord list --mine', 'git coord help land'],
    });
  return withBook(context, parsed, async (opened) => {
    const { book, command } = opened;
    const [result, said] = await (parsed.flag('via-branch') ? toReview : land)(context, parsed, opened);
    await freeWorktree(context, opened, result.task);
    if (!parsed.flag('next')) return { data: result, text: said };
    return thenNext(result, () => book.next({}, { owner: ownerOf(context, parsed) }, `${command} (next)`), said);
  });
};

async function land(context: Context, parsed: Parsed, opened: Opened): Promise<[LandResult, string]> {
  const { app, book, command } = opened;
  const { id, target, result, place, work } = await preparation(context, parsed, opened);
  const code = async () => landingCode(place, await work());
  const attemptsMax = app.config.land.attemptsMax;
  const landed = await book.land(id, { code, attemptsMax, result, command, onStep: context.notice });
  const said = landed.attempts === 0 ? 'had landed before' : 'landed';
  return [landed, `${id}: ${said} on ${shortName(target)} (${landed.landed.commit.slice(0, 12)})\n`];
}

async function toReview(context: Context, parsed: Parsed, opened: Opened): Promise<[{ task: TaskView }, string]> {
  const { app, book, command } = opened;
  const { id, target, result, place, work } = await preparation(context, parsed, opened);
  const branch = taskBranch(app.config.tasks.branch, id);
  const code = async () => {
    const { commit, isHead } = await work();
    const { objects, targetTip, check } = landingCode(place, { commit, isHead });
    const descendsFrom = (tip: string) => isAncestor(place.git, tip, commit).catch(() => false);
    return { commit, branch, target, objects, targetTip, descendsFrom, check: (from: string) => check(from, commit) };
  };
  const reviewed = await book.review(id, { code, result, command });
  return [reviewed, `${id}: in review on ${shortName(branch)}, for ${shortName(target)}\n`];
}

const shortName = (ref: string): string => ref.replace(/^refs\/heads\//, '');

async function preparation(context: Context, parsed: Parsed, { app }: Opened) {
  const { clone, env, config } = app;
  if (clone.topLevel === null)
    throw new CoordError('not-ready', 'there is no worktree here, so there is no work to land', {
      hint: 'Land from a worktree of the task.',
    });
  const id = parseId(parsed.positionals[0] ?? '');
  const { remote } = app.book;
  const { gitDir, commonDir, coordDir, topLevel } = clone;
  const git = cloneGit(topLevel, env);
  const target = `refs/heads/${await targetName(git, remote, parsed.text('onto'))}`;
  const gates = gatesOf(context, config.quality, env);
  const place = { git, remote, target, task: id, commonDir, coordDir, strategy: config.land.strategy, gates };
  const from = parsed.text('from');
  const text = parsed.text('result');
  return {
    id,
    target,
    place,
    work: () => workOf({ git, gitDir, task: id, from, branchPattern: config.tasks.branch }),
    result: text === undefined ? null : jsonOrFile(text, '--result', context.cwd),
  };
}
