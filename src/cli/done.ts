import type { ClaimResult } from '../coordinator/claim-task.ts';
import { CoordError } from '../errors.ts';
import { claimedText, ownerOf } from './claim.ts';
import type { Answer } from './frame/context.ts';
import type { Run } from './frame/spec.ts';
import { freeWorktree } from './free-worktree.ts';
import { jsonOrFile } from './task-input.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) => {
  const text = parsed.text('result');
  const result = text === undefined ? null : jsonOrFile(text, '--result', context.cwd);
  return withBook(context, parsed, async (opened) => {
    const { book, command } = opened;
    const task = await book.done(parsed.positionals[0] ?? '', result, command);
    const freed = await freeWorktree(context, opened, task);
    const other = text !== undefined && JSON.stringify(task.result) !== JSON.stringify(result);
    if (other) context.warn(`${task.id} was done already, with another result, which stands`);
    const said = `${task.id}: done\n${freed}`;
    if (!parsed.flag('next')) return { data: task, text: said };
    return thenNext(task, () => book.next({}, { owner: ownerOf(context, parsed) }, `${command} (next)`), said);
  });
};

/** Two pushes, two results: that nothing is ready doesn't undo what is done. */
export async function thenNext(data: object, next: () => Promise<ClaimResult>, said: string): Promise<Answer> {
  try {
    const claimed = await next();
    return { data: { ...data, next: claimed }, text: said + claimedText(claimed) };
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    if (error.code === 'not-ready') return { data: { ...data, next: null }, text: `${said}${error.message}\n` };
    return { data: { ...data, next: null }, text: said, failure: error };
  }
}
