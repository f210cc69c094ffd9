import { CoordError } from '../errors.ts';
import type { Run } from './frame/spec.ts';
import { taskInput } from './task-input.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) => {
  const change = taskInput(parsed);
  if (Object.keys(change).length === 0) {
    throw new CoordError('usage', 'edit changes nothing without an option', { next: ['git coord edit --help'] });
  }
  return withBook(context, parsed, async ({ book, command }) => {
    const task = await book.edit(parsed.positionals[0] ?? '', change, command);
    return { data: task, text: `${task.id}: changed\n` };
  });
};
