import type { Run } from './frame/spec.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book, command }) => {
    const [id = '', text = ''] = parsed.positionals;
    const task = await book.note(id, text, command);
    return { data: task, text: `${task.id}: noted\n` };
  });
