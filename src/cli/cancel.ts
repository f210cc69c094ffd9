import type { Run } from './frame/spec.ts';
import { freeWorktree } from './free-worktree.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async (opened) => {
    const { book, command } = opened;
    const task = await book.cancel(parsed.positionals[0] ?? '', null, command);
    await freeWorktree(context, opened, task);
    const then = task.archived ? '' : ` (git coord retry ${task.id} opens it again)`;
    return { data: task, text: `${task.id}: cancelled${then}\n` };
  });
