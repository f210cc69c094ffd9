import type { Run } from './frame/spec.ts';
import { withBook } from './with-book.ts';
import { freeWorktree } from './worktree-place.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async (opened) => {
    const { book, command } = opened;
    const task = await book.release(parsed.positionals[0] ?? '', command);
    await freeWorktree(context, opened, task);
    return { data: task, text: `${task.id}: given back\n` };
  });
