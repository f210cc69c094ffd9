import type { Run } from './frame/spec.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book, command }) => {
    const task = await book.release(parsed.positionals[0] ?? '', command);
    return { data: task, text: `${task.id}: given back\n` };
  });
