import { countLog, type LogStep } from '../domain/metrics/count-log.ts';
import { noTotals, type Totals } from '../domain/metrics/totals.ts';
import type { TaskNote } from '../domain/task.ts';
import type { Folder } from '../store/folder.ts';
import type { Decoded } from '../store/record-kind.ts';
import type { Oid } from '../transport/port.ts';
import type { BookView } from './book-view.ts';
import type { Context } from './context.ts';
import { archiveTip } from './find-archived.ts';
import { kinds } from './record-kinds.ts';

/**
 * What the logs of all tasks add up to, as far as they were counted; each look counts what is new. Kept, since a sum over what
 * a look shows would fall with a task that is lost, and be read as a restart: what was counted stays counted.
 *
 *   on the board    counted up to its newest step
 *   in the archive  what was added before it went there; also of tasks that came and went between two looks
 *   gone            nothing more; if it comes back, it is counted on from where it was
 *   another log     under a known id (the book was restored, or rewritten): counted from its beginning
 */
interface Counted {
  readonly v: 1;
  readonly book: string;
  /** The archive's newest commit; null: none. */
  readonly archive: Oid | null;
  /** The newest step that was counted, of tasks that aren't known to be archived. */
  readonly tips: Record<string, Oid>;
  readonly totals: Totals;
}

const fileName = 'metrics-logs.json';
const entriesMax = 10_000;
const atOnce = 32;
const tipsMax = 20_000;

/** @param folder where the totals are kept @throws CoordError `unavailable` */
export async function countLogs(context: Context, folder: Folder, bookId: string, book: BookView): Promise<Totals> {
  const before = read(folder, bookId);
  const tips = new Map(Object.entries(before.tips));
  const now = new Map<string, Oid>();
  for (const { id, task } of book.seen.values()) if (task.kind === 'task') now.set(id, task.oid);
  const archive = await archiveTip(context);
  const archived = await newlyArchived(
    context,
    archive,
    before,
    [...tips.keys()].filter((id) => !now.has(id)),
  );
  // a server that died has some in both places: the board counts
  for (const id of now.keys()) archived.delete(id);
  const { totals } = before;
  const due = [...archived, ...now].filter(([id, tip]) => tips.get(id) !== tip);
  for (let at = 0; at < due.length; at += atOnce) {
    const batch = due.slice(at, at + atOnce);
    const logs = await Promise.all(batch.map(async ([id, tip]) => ({ id, tip, log: await readLog(context, tip) })));
    for (const { id, tip, log } of logs) {
      if (log === null) continue;
      countLog(totals, log.map(stepOf), 1 + log.findIndex(({ oid }) => oid === tips.get(id)));
      tips.set(id, tip);
    }
  }
  for (const [id, tip] of archived) if (tips.get(id) === tip) tips.delete(id);
  const lost = [...tips.keys()].filter((id) => !now.has(id));
  for (const id of lost.slice(0, Math.max(0, tips.size - tipsMax))) tips.delete(id);
  keep(folder, { v: 1, book: bookId, archive, tips: Object.fromEntries(tips), totals });
  return totals;
}

/** Where the logs end that left the board since the last look: of those that were counted before, and of others. */
async function newlyArchived(
  { store }: Context,
  archive: Oid | null,
  before: Counted,
  left: readonly string[],
): Promise<Map<string, Oid>> {
  if (archive === null) return new Map();
  const found = await store.archive.find(archive, left);
  if (archive === before.archive) return found;
  const there = await store.archive.all(archive);
  // one that can't be read any more was another archive: nothing of what is there is known to be new
  const known = before.archive === null ? new Map() : await store.archive.all(before.archive).catch(() => there);
  return new Map([...found, ...[...there].filter(([id, oid]) => known.get(id) !== oid)]);
}

/** Oldest first. Null: it can't be read as a whole now. */
async function readLog({ store }: Context, tip: Oid): Promise<Decoded<TaskNote>[] | null> {
  const { entries, ended } = await store.newer<TaskNote>(kinds.task, tip, () => false, entriesMax);
  return ended === 'missing' ? null : entries.toReversed();
}

const stepOf = (entry: Decoded<TaskNote>): LogStep => (entry.ok ? entry.note : null);

function read(folder: Folder, book: string): Counted {
  const none: Counted = { v: 1, book, archive: null, tips: {}, totals: noTotals() };
  try {
    const kept = JSON.parse(folder.read(fileName) ?? 'null') as Counted | null;
    return kept?.v === 1 && kept.book === book ? kept : none;
  } catch {
    return none;
  }
}

/** What can't be kept is counted again next time. */
function keep(folder: Folder, counted: Counted): void {
  try {
    folder.write(fileName, JSON.stringify(counted));
  } catch {
    // a full or read-only disk
  }
}
