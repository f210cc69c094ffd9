import { byCreation, type TaskRecord, taskRecord } from '../domain/task-record.ts';
import type { Context } from './context.ts';
import { archivedTips, findArchived } from './find-archived.ts';
import { seenOf } from './read-seen.ts';

export interface ExportedTasks {
  /** In the order of their creation. */
  readonly tasks: readonly TaskRecord[];
  readonly unreadable: readonly { readonly id: string; readonly why: string }[];
}

/** All tasks of the book, archived ones too, as another book can take them. @throws CoordError `unavailable` */
export async function exportTasks(context: Context): Promise<ExportedTasks> {
  const read = await context.store.read([context.store.layout.all('board')]);
  const seen = [...read.records.values()].flatMap(({ space, name }) =>
    space === 'board' ? [seenOf(context, read, name)] : [],
  );
  const onBoard = new Set(seen.map(({ id }) => id));
  const gone = [...(await archivedTips(context)).keys()].filter((id) => !onBoard.has(id));
  const archived = [...(await findArchived(context, gone)).values()];
  const tasks = [...seen.map(({ task }) => task), ...archived].flatMap((task) =>
    task.kind === 'task' ? [taskRecord(task.note.task)] : [],
  );
  const unreadable = seen.flatMap(({ id, task }) => (task.kind === 'bad' ? [{ id, why: task.why }] : []));
  return { tasks: tasks.sort(byCreation), unreadable };
}
