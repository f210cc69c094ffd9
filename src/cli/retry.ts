import type { TaskView } from '../domain/view.ts';
import type { Run } from './frame/spec.ts';
import { tasksUnlessAway, withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book, command }) => {
    const task = await book.retry(parsed.positionals[0] ?? '', command);
    const skipped = skippedFor(task.id, await tasksUnlessAway(book));
    const ids = skipped.slice(0, 10).join(' ');
    if (skipped.length > 0)
      context.notice(`cancelled meanwhile because of it, and not opened with it (git coord retry <id>): ${ids}`);
    return { data: task, text: `${task.id}: open\n` };
  });

/** What was skipped since this failed, each before what needs it. */
function skippedFor(id: string, tasks: readonly TaskView[]): string[] {
  const found = [id];
  for (const at of found)
    for (const { id: one, state, error, needs } of tasks)
      if (state === 'cancelled' && error?.code === 'need-failed' && needs.includes(at) && !found.includes(one))
        found.push(one);
  return found.slice(1);
}
