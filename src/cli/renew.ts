import type { Run } from './frame/spec.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book, command }) => {
    const { tasks } = await book.renew(parsed.positionals, command);
    const text =
      tasks.length > 0 ? tasks.map((task) => `${task.id}: held (term ${task.term})\n`).join('') : 'you hold nothing\n';
    return { data: { tasks }, text };
  });
