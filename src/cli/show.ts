import type { Run } from './frame/spec.ts';
import { taskText } from './task-text.ts';
import { readingBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, book }) => {
    const task = await book.show(parsed.positionals[0] ?? '');
    return { data: { ...task, asOf: app.asOf() }, text: taskText(context, task) };
  });
