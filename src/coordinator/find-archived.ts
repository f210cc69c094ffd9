import type { TaskSeen } from '../domain/seen.ts';
import type { TaskNote } from '../domain/task.ts';
import type { Context } from './context.ts';
import { kinds } from './record-kinds.ts';

/** Tasks that have left the board (protocol 10). All throw `unavailable`. */

export type Archived = Extract<TaskSeen, { kind: 'task' }>;

/** Those of these ids that were archived, as they were. To be asked after they were not found on the board: then nothing is missed. */
export async function findArchived(context: Context, ids: readonly string[]): Promise<Map<string, Archived>> {
  const { store } = context;
  const tip = ids.length === 0 ? null : await archiveTip(context);
  const found = new Map<string, Archived>();
  if (tip === null) return found;
  for (const [id, oid] of await store.archive.find(tip, ids)) {
    const [record] = await store.history<TaskNote>(kinds.task, oid, 1);
    if (record?.ok) found.set(id, { kind: 'task', oid, note: record.note });
  }
  return found;
}

/** The newest commit of each archived task's log. */
export async function archivedTips(context: Context): Promise<Map<string, string>> {
  const tip = await archiveTip(context);
  return tip === null ? new Map() : context.store.archive.all(tip);
}

/** The archive's newest commit; null: nothing was archived. */
export async function archiveTip({ store }: Context): Promise<string | null> {
  const { archive } = store.layout;
  return (await store.read([archive])).records.get(archive)?.decoded.oid ?? null;
}
