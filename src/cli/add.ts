import type { Book } from '../coordinator/book.ts';
import type { TaskView } from '../domain/view.ts';
import type { Context } from './frame/context.ts';
import type { Run } from './frame/spec.ts';
import { taskInput } from './task-input.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book, command }) => {
    const [title = ''] = parsed.positionals;
    const task = await book.add({ ...taskInput(parsed), title, id: parsed.text('id') }, command);
    if (task.created) await tellUnknown(context, book, task);
    const text = task.created ? addedText(task) : `${task.id}: was there already, with the same content\n`;
    return { data: task, text };
  });

/** It may still be added; mistyped, it is waited for in vain. */
async function tellUnknown(context: Context, book: Book, { needs }: TaskView): Promise<void> {
  if (needs.length === 0) return;
  const known = new Set((await book.list()).tasks.map(({ id }) => id));
  for (const need of needs.filter((id) => !known.has(id)).slice(0, 5)) {
    const isArchived = await book.show(need).then(
      () => true,
      () => false,
    );
    if (!isArchived) context.warn(`there is no task ${need} yet`);
  }
}

function addedText({ id, needs }: TaskView): string {
  return needs.length > 0
    ? `${id}: added; it waits for ${needs.join(', ')}\n`
    : `${id}: added (git coord claim ${id})\n`;
}
