import type { Run } from './frame/spec.ts';
import { freeWorktree } from './free-worktree.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async (opened) => {
    const { book, command } = opened;
    const task = await book.fail(parsed.positionals[0] ?? '', parsed.text('reason') ?? 'no reason given', command);
    await freeWorktree(context, opened, task);
    const then = task.state === 'failed' ? `no tries left (git coord retry ${task.id})` : 'open again after a pause';
    return { data: task, text: `${task.id}: failed attempt ${task.attempts} of ${task.retryLimit + 1}; ${then}\n` };
  });
