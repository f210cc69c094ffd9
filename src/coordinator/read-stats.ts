import type { Who } from '../domain/seen.ts';
import { type StatsRow, statsOf } from '../domain/stats.ts';
import { readBook } from './book-view.ts';
import type { Context } from './context.ts';
import { archivedTips } from './find-archived.ts';
import { kinds } from './record-kinds.ts';

const entriesMax = 10_000;

/** Figures by agent and type, from the logs of all tasks, archived ones too. What can't be read is left out. @throws CoordError `unavailable` */
export async function readStats(context: Context, who: Who): Promise<StatsRow[]> {
  const book = await readBook(context, who);
  const histories = [];
  const tips = await archivedTips(context);
  for (const { id, task } of book.seen.values()) if (task.kind === 'task') tips.set(id, task.oid);
  for (const tip of tips.values()) {
    const log = await context.store.history(kinds.task, tip, entriesMax);
    histories.push(log.flatMap((one) => (one.ok ? [one.note] : [])).reverse());
  }
  return statsOf(histories);
}
