import { landingOn } from '../app/landing-on-app.ts';
import type { LandResult } from '../coordinator/land-task.ts';
import { parseId } from '../domain/ids.ts';
import { CoordError } from '../errors.ts';
import { branchName } from '../worker/branch-tips.ts';
import { ownerOf } from './claim.ts';
import { thenNext } from './done.ts';
import type { Context } from './frame/context.ts';
import type { Parsed } from './frame/parsed.ts';
import type { Run } from './frame/spec.ts';
import { freeWorktree } from './free-worktree.ts';
import { stopOnSignal } from './stop-on-signal.ts';
import { jsonOrFile } from './task-input.ts';
import { type Opened, withBook } from './with-book.ts';

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
    const text = said + (await freeWorktree(context, opened, result.task));
    if (!parsed.flag('next')) return { data: result, text };
    return thenNext(result, () => book.next({}, { owner: ownerOf(context, parsed) }, `${command} (next)`), text);
  });
};

async function land(context: Context, parsed: Parsed, opened: Opened): Promise<[LandResult, string]> {
  const { book, command } = opened;
  const { id, result, landing } = await preparation(context, parsed, opened);
  const { code, attemptsMax } = landing;
  const landed = await book.land(id, { code, attemptsMax, result, command, onStep: context.notice });
  const said = landed.attempts === 0 ? 'had landed before' : 'landed';
  return [landed, `${id}: ${said} on ${branchName(landed.landed.ref)} (${landed.landed.commit.slice(0, 12)})\n`];
}

async function toReview(context: Context, parsed: Parsed, opened: Opened): Promise<[Reviewed, string]> {
  const { book, command } = opened;
  const { id, result, landing } = await preparation(context, parsed, opened);
  const reviewed = await book.review(id, { code: landing.reviewCode, result, command });
  const { branch, target } = reviewed.review;
  const then = `open a pull request from ${branchName(branch)}; the task is done when that is merged\n`;
  return [reviewed, `${id}: in review on ${branchName(branch)}, for ${branchName(target)}\n${then}`];
}

type Reviewed = Awaited<ReturnType<Opened['book']['review']>>;

async function preparation(context: Context, parsed: Parsed, { app }: Opened) {
  const id = parseId(parsed.positionals[0] ?? '');
  const text = parsed.text('result');
  const landing = await landingOn(app, {
    task: id,
    onto: parsed.text('onto'),
    from: parsed.text('from'),
    tell: context.notice,
    whileStoppable: stopOnSignal,
  });
  return { id, landing, result: text === undefined ? null : jsonOrFile(text, '--result', context.cwd) };
}
