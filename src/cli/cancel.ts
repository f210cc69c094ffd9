import type { Run } from './frame/spec.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book, command }) => {
    const task = await book.cancel(parsed.positionals[0] ?? '', null, command);
    return { data: task, text: `${task.id}: cancelled (git coord retry ${task.id} opens it again)\n` };
  });
