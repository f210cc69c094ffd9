import type { Who } from '../domain/seen.ts';
import type { Json } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';
import { resultOf } from '../domain/workflow-view.ts';
import { readBook } from './book-view.ts';
import type { Context } from './context.ts';
import { findArchived } from './find-archived.ts';

/** What each task that this one needs gave, by id; archived ones too. @throws CoordError `unavailable` */
export async function resultsOfNeeds(
  context: Context,
  who: Who,
  { needs }: Pick<TaskView, 'needs'>,
): Promise<Record<string, Json>> {
  if (needs.length === 0) return {};
  const { tasks } = await readBook(context, who);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const archived = await findArchived(
    context,
    needs.filter((id) => !byId.has(id)),
  );
  const results = needs.map((id) => {
    const onBoard = byId.get(id);
    return [id, onBoard ? resultOf(onBoard, byId) : (archived.get(id)?.note.task.result ?? null)] as const;
  });
  return Object.fromEntries(results);
}
