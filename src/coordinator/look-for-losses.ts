import type { FormatNote, QueueNote } from '../domain/agent.ts';
import { decideRestore, type LossStanding, type Restoring } from '../domain/decide-restore.ts';
import type { Task, TaskNote } from '../domain/task.ts';
import { CoordError } from '../errors.ts';
import type { BookRead } from '../store/record-store.ts';
import type { Oid } from '../transport/port.ts';
import type { Context } from './context.ts';
import { type LostArchive, lostArchive } from './lost-archive.ts';
import { seenOf } from './read-seen.ts';
import { kinds } from './record-kinds.ts';

/** What was paused when this clone looked last, of which the remote shows nothing. */
export interface LostPauses extends Pick<QueueNote, 'paused' | 'labels'> {
  readonly oid: Oid;
}

/** A task that the remote has lost, or of which it shows an older state, and what is to be done. */
export interface LostTask {
  readonly id: string;
  readonly standing: LossStanding;
  readonly kept: Task;
  readonly keptOid: Oid;
  /** What the remote shows; null: nothing. */
  readonly there: Oid | null;
  readonly claimThere: Oid | null;
  readonly restoring: Restoring;
}

export interface Losses {
  readonly tasks: readonly LostTask[];
  /** Put back first: what is in it is not put back on the board. */
  readonly archive: LostArchive | null;
  readonly pauses: LostPauses | null;
  /** The remote doesn't say any more which book it has. */
  readonly formatGone: boolean;
  /** What was seen of them can't be read. */
  readonly unreadable: readonly string[];
}

export interface LossesRequest {
  /** The identity of the book that this clone joined. */
  readonly book: string;
  /** Where it is, for people. */
  readonly place: string;
  readonly kept: { refs(): Promise<ReadonlyMap<string, Oid>> };
  /** What commits of the target name as work of these tasks. */
  readonly carried: (ids: readonly string[]) => Promise<ReadonlyMap<string, NonNullable<Task['review']>>>;
}

/** So far back one history is looked for in another. */
const stepsMax = 10_000;
/** As often as one task has been put back in a row. */
const repairsMax = 64;

/**
 * What the remote shows less than this clone has seen. `context.store` doesn't mind that the book is gone.
 * @throws CoordError `unavailable`: also for another book there, which isn't this one's to fill
 */
export async function lookForLosses(context: Context, request: LossesRequest): Promise<Losses> {
  const { layout } = context.store;
  const spaces = [layout.all('board'), layout.all('claims')];
  const read = await context.store.read([layout.format, layout.queue, ...spaces, layout.archive]);
  const formatGone = isFormatGone(context, read, request);
  const kept = new Map(await request.kept.refs());
  const pauses = await lostPauses(context, read, kept.get(layout.queue));
  if (read.wentBack.size === 0) return { tasks: [], archive: null, pauses, formatGone, unreadable: [] };
  const archive = await lostArchive(context, read, kept);
  const lost = new Set([...read.wentBack].filter((ref) => ref !== layout.archive));
  for (const [id, oid] of archive?.entries ?? []) {
    const ref = layout.board(id);
    lost.delete(ref);
    // on the board again, as it was before: it goes on to its end, and is archived once more
    const shown = read.records.get(ref)?.decoded.oid;
    if (shown === undefined || shown === oid) continue;
    kept.set(ref, oid);
    lost.add(ref);
  }
  const unreadable: string[] = [];
  const found: Omit<LostTask, 'restoring'>[] = [];
  for (const ref of [...lost].sort()) {
    const id = layout.parse(ref)?.name ?? '';
    const keptOid = kept.get(ref);
    // another process of this clone has just put it back
    if (keptOid === undefined) continue;
    const [seen] = await context.store.history(kinds.task, keptOid, 1);
    const there = read.records.get(layout.board(id))?.decoded.oid ?? null;
    if (!seen?.ok || seen.note.task.id !== id) unreadable.push(id);
    else
      found.push({
        id,
        standing: await standingOf(context, there, keptOid),
        kept: seen.note.task,
        keptOid,
        there,
        claimThere: read.records.get(layout.claims(id))?.decoded.oid ?? null,
      });
  }
  const carried = await request.carried(found.filter(mayHaveLanded).map(({ id }) => id));
  const tasks = found.map((loss): LostTask => {
    const { task } = seenOf(context, read, loss.id);
    const { term: termThere, holder } = task.kind === 'task' ? task.note.task : { term: 0, holder: null };
    const now = { termThere, isHeldThere: holder !== null, carried: carried.get(loss.id) ?? null };
    return { ...loss, restoring: decideRestore({ ...loss, ...now }) };
  });
  return { tasks, archive, pauses, formatGone, unreadable };
}

const mayHaveLanded = ({ standing, kept }: Pick<LostTask, 'standing' | 'kept'>): boolean =>
  standing !== 'elsewhere' && (kept.state === 'open' || kept.state === 'claimed');

/** Of an older state that the remote shows nobody can tell that it is one: records of the queue have no history. */
async function lostPauses({ store }: Context, read: BookRead, oid: Oid | undefined): Promise<LostPauses | null> {
  if (oid === undefined || read.records.has(store.layout.queue)) return null;
  const [seen] = await store.history<QueueNote>(kinds.queue, oid, 1);
  if (!seen?.ok) return null;
  const { paused, labels } = seen.note;
  return paused || labels.length > 0 ? { oid, paused, labels } : null;
}

function isFormatGone({ store }: Context, read: BookRead, { book, place }: LossesRequest): boolean {
  const format = read.records.get(store.layout.format)?.decoded;
  if (format === undefined) return true;
  if (format.ok && (format.note as FormatNote).book === book) return false;
  throw new CoordError('unavailable', `${place} holds another book than the one this clone joined`, {
    hint: 'Nothing was written: two books in one would give ids and terms twice. What this clone has seen of the old one stays in coord/store.git of its git folder until it joins the new one.',
    next: ['git coord doctor', 'git coord init --yes'],
  });
}

async function standingOf({ store }: Context, there: Oid | null, kept: Oid): Promise<LossStanding> {
  if (there === null) return 'gone';
  if (await store.isAncestor(there, kept, stepsMax)) return 'behind';
  // what another clone has put back: `repair` upon what this one has seen too
  for (const one of await store.history(kinds.task, there, repairsMax)) {
    if (one.ok && (one.note as TaskNote).op === 'repair') continue;
    return (await store.isAncestor(one.oid, kept, stepsMax)) ? 'restored' : 'elsewhere';
  }
  return 'elsewhere';
}
