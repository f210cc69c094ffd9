import type { Task, TaskNote } from '../domain/task.ts';
import { CoordError } from '../errors.ts';
import type { Context } from './context.ts';
import { findArchived } from './find-archived.ts';
import { kinds } from './record-kinds.ts';
import { refusalError } from './refusal-error.ts';

/** One step of a task's history, newest first. A commit that can't be read is shown as what it is. */
export interface LogEntry {
  op: string;
  by: string;
  at: string;
  term: number;
  oid: string;
  /** The fields that differ from the step before, as they became. */
  changes: Partial<Task>;
}

const entriesMax = 10_000;

/** @throws CoordError `not-found`, `unavailable` */
export async function taskLog(context: Context, id: string): Promise<{ entries: LogEntry[] }> {
  const ref = context.store.layout.board(id);
  const onBoard = (await context.store.read([ref])).records.get(ref)?.decoded.oid;
  const tip = onBoard ?? (await findArchived(context, [id])).get(id)?.oid;
  if (tip === undefined) throw refusalError(id, { reason: 'not-found' });
  const history = await context.store.history(kinds.task, tip, entriesMax);
  const entries = history.map((one, index): LogEntry => {
    if (!one.ok) return { op: 'unreadable', by: '', at: '', term: 0, oid: one.oid, changes: {} };
    const before = history[index + 1];
    return entryOf(one.oid, one.note, before?.ok ? before.note.task : null);
  });
  if (entries.length === 0) throw new CoordError('unavailable', `the log of ${id} is empty`);
  return { entries };
}

function entryOf(oid: string, { op, by, at, task }: TaskNote, before: Task | null): LogEntry {
  return { op, by, at, term: task.term, oid, changes: before === null ? {} : changesOf(task, before) };
}

/** The fields that differ, as they became. */
export function changesOf(task: Task, before: Task): Partial<Task> {
  const keys = Object.keys(task) as (keyof Task)[];
  const changed = keys.filter((key) => JSON.stringify(task[key]) !== JSON.stringify(before[key]));
  return Object.fromEntries(changed.map((key) => [key, task[key]]));
}
