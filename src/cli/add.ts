import type { TaskView } from '../domain/view.ts';
import type { Run } from './frame/spec.ts';
import { taskInput } from './task-input.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book, command }) => {
    const [title = ''] = parsed.positionals;
    const task = await book.add({ ...taskInput(parsed), title, id: parsed.text('id') }, command);
    const text = task.created ? addedText(task) : `${task.id}: was there already, with the same content\n`;
    return { data: task, text };
  });

function addedText({ id, needs }: TaskView): string {
  return needs.length > 0
    ? `${id}: added; it waits for ${needs.join(', ')}\n`
    : `${id}: added (git coord claim ${id})\n`;
}
