import { exportFormat } from '../domain/task-record.ts';
import { jsonLine } from './frame/output.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { readingBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, book }) => {
    const { tasks, unreadable } = await book.exportTasks();
    for (const { id, why } of unreadable) context.warn(`${id} is left out, it can't be read: ${oneLine(why)}`);
    const text = [exportFormat, ...tasks].map(jsonLine).join('');
    return { data: { ...exportFormat, tasks, unreadable, asOf: app.asOf() }, text };
  });
