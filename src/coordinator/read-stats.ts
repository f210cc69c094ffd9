import { queueOrder } from '../domain/readiness.ts';
import type { Who } from '../domain/seen.ts';
import { type StatsRow, statsOf } from '../domain/stats.ts';
import type { TaskNote } from '../domain/task.ts';
import { type BookView, readBook } from './book-view.ts';
import type { Context } from './context.ts';
import { archivedTips } from './find-archived.ts';
import { kinds } from './record-kinds.ts';

const entriesMax = 10_000;

/** Figures by agent and type, from the logs of all tasks, archived ones too. What can't be read is left out. @throws CoordError `unavailable` */
export async function readStats(context: Context, who: Who): Promise<StatsRow[]> {
  const book = await readBook(context, who);
  const tips = await archivedTips(context);
  for (const { id, task } of book.seen.values()) if (task.kind === 'task') tips.set(id, task.oid);
  return statsOfLogs(context, [...tips.values()]);
}

const youngestMax = 100;

/** The same, of the youngest tasks of the board that somebody has claimed: often asked for. @throws CoordError `unavailable` */
export async function recentStats(context: Context, { seen }: BookView): Promise<StatsRow[]> {
  const begun = [...seen.values()].flatMap(({ task }) =>
    task.kind === 'task' && task.note.task.term > 0 ? [task] : [],
  );
  const youngest = begun.sort((a, b) => queueOrder(youth(b), youth(a))).slice(0, youngestMax);
  return statsOfLogs(
    context,
    youngest.map(({ oid }) => oid),
  );
}

const youth = ({ note }: { readonly note: TaskNote }) => ({ ...note.task, priority: 0 });

async function statsOfLogs(context: Context, tips: readonly string[]): Promise<StatsRow[]> {
  const logs = await Promise.all(tips.map((tip) => context.store.history(kinds.task, tip, entriesMax)));
  return statsOf(logs.map((log) => log.flatMap((one) => (one.ok ? [one.note] : [])).reverse()));
}
