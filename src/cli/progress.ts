import type { Run } from './frame/spec.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book, command }) => {
    const [id = '', words = ''] = parsed.positionals;
    const task = await book.progress(id, words, parsed.number('percent') ?? null, command);
    return { data: task, text: `${task.id}: noted\n` };
  });
