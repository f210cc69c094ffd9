import type { Run } from './frame/spec.ts';
import { freeWorktree } from './free-worktree.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async (opened) => {
    const { book, command } = opened;
    const task = await book.release(parsed.positionals[0] ?? '', command);
    await freeWorktree(context, opened, task);
    return { data: task, text: `${task.id}: given back\n` };
  });
