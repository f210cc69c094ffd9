import { filterOf } from './filter.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { taskTable } from './task-text.ts';
import { readingBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, book }) => {
    const { tasks, bad } = await book.list(filter);
    for (const { id, why } of bad) context.warn(`${id} can't be read: ${oneLine(why)}`);
    const text = tasks.length > 0 ? taskTable(context, tasks) : 'no tasks (git coord add "What is to be done")\n';
    return { data: { tasks, unreadable: bad, asOf: app.asOf() }, text };
  });
