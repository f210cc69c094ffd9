import { filterOf } from './filter.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { taskTable } from './task-text.ts';
import { readingBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, book }) => {
    const filter = filterOf(parsed, true);
    const { tasks, bad } = await book.list(filter);
    for (const { id, why } of bad) context.warn(`${id} can't be read: ${oneLine(why)}`);
    const narrowed = Object.values(filter).some((value) => value !== undefined && value !== false);
    const none = narrowed ? 'no such tasks\n' : 'no tasks (git coord add "What is to be done")\n';
    const data = { tasks, unreadable: bad, asOf: app.asOf() };
    return {
      data,
      get text() {
        return tasks.length > 0 ? taskTable(context, tasks) : none;
      },
    };
  });
