import { type ArchivePolicy, dueForArchive, isFinished } from '../domain/decide-archive.ts';
import type { Seen, Who } from '../domain/seen.ts';
import { CoordError } from '../errors.ts';
import { encodeCommit } from '../store/commit-codec.ts';
import type { NewCommit, NewObject, RefUpdate } from '../transport/port.ts';
import { type BookView, readBook } from './book-view.ts';
import { type Context, decisionsMax } from './context.ts';
import { archiveTip } from './find-archived.ts';

/** A push of so many deletions, and as many small trees, is still kept as single objects by a server (trap 40). */
const batchMax = 40;

/**
 * Moves finished tasks from the board to the archive, in one atomic push a batch (protocol 4 and 10).
 *
 *   applied    the archive has them, their logs have left the board
 *   conflict   somebody else archives, or one of them moved: decided again on a fresh read
 *   unclear    read again: what has left the board was archived, by this push
 *   half-way   a server that died has them in both places: the board counts, and the next batch takes them again
 *
 * @throws CoordError `unavailable`, `not-ready` (the host takes no atomic pushes, or no deletions)
 */
export async function archiveTasks(context: Context, who: Who, policy: ArchivePolicy): Promise<Archived> {
  if (!mayArchive(context))
    throw new CoordError('not-ready', 'the remote takes no atomic pushes, or no deletions: nothing can be archived', {
      next: ['git coord doctor'],
    });
  const archived: string[] = [];
  const tried = new Set<string>();
  let why = '';
  for (let failures = 0; failures < decisionsMax; ) {
    const book = await readBook(context, who);
    const gone = [...tried].filter((id) => !book.seen.has(id));
    archived.push(...gone);
    // a server may say yes and do nothing
    if (tried.size > 0 && gone.length === 0) failures++;
    tried.clear();
    const due = dueIn(context, book, policy).slice(0, batchMax);
    if (due.length === 0) return { archived, left: book.tasks.filter(isFinished).length };
    for (const { id } of due) tried.add(id);
    const { updates, objects } = await batchOf(context, who, due);
    context.pushed();
    const report = await context.store.swap(updates, { atomic: true, objects });
    if ([...report.answers.values()].every((answer) => answer === 'applied')) continue;
    // of others' doing, unless nothing was said
    if (![...report.answers.values()].includes('unknown')) tried.clear();
    why = report.message;
    if ([...report.answers.values()].includes('refused')) break;
    failures++;
    await context.clock.sleep(50 * failures * (0.5 + context.random()));
  }
  throw new CoordError(
    'unavailable',
    `finished tasks could not be archived: ${why || 'others change them all the time'}`,
    {
      data: { archived },
    },
  );
}

/** The host takes what it needs. */
export const mayArchive = ({ profile }: Context): boolean => profile.atomic && profile.deletes;

export interface Archived {
  /** The tasks that went. */
  readonly archived: string[];
  /** Finished tasks that are still on the board. */
  readonly left: number;
}

type Finished = { readonly id: string; readonly oid: string };

/** What this read shows as due; notes since when it is seen so. */
export function dueIn(context: Context, book: BookView, policy: ArchivePolicy): Finished[] {
  const tips = new Map([...book.seen].flatMap(([id, { task }]) => (task.kind === 'task' ? [[id, task.oid]] : [])));
  for (const seen of book.seen.values()) noteEnd(context, seen);
  context.observed.save();
  const sightedMs = (id: string) =>
    context.observed.ageMs(context.store.layout.board(id), tips.get(id) ?? '', Number.POSITIVE_INFINITY);
  const nowMs = Date.parse(context.clock.wall());
  return dueForArchive(book.tasks, sightedMs, nowMs, policy).map((id) => ({ id, oid: tips.get(id) ?? '' }));
}

/** Once: a task's values never come back, and each note is written to the disk. */
function noteEnd({ observed, store }: Context, { id, task, lease }: Seen): void {
  if (task.kind !== 'task' || lease.kind !== 'free') return;
  if (task.note.task.state !== 'done' && task.note.task.state !== 'cancelled') return;
  const ref = store.layout.board(id);
  if (observed.ageMs(ref, task.oid, Number.POSITIVE_INFINITY) === 0)
    observed.saw(ref, task.oid, Number.POSITIVE_INFINITY);
}

/** The archive first, then the deletions: a server that dies in between leaves tasks in both places, and none in neither. */
async function batchOf(context: Context, who: Who, due: readonly Finished[]) {
  const { layout, archive } = context.store;
  const from = await archiveTip(context);
  const { tree, trees } = await archive.grown(from, new Map(due.map(({ id, oid }) => [id, oid])));
  const commit = encodeArchive(context, who, { from, tree, due });
  const deletions = due.map(({ id, oid }) => ({ ref: layout.board(id), from: oid, to: null }));
  const updates: RefUpdate[] = [{ ref: layout.archive, from, to: commit.oid }, ...deletions];
  return { updates, objects: [...trees, commit] as NewObject[] };
}

function encodeArchive(
  context: Context,
  who: Who,
  { from, tree, due }: { from: string | null; tree: string; due: readonly Finished[] },
): NewCommit {
  const at = context.clock.wall();
  const tasks = due.map(({ id }) => id);
  return encodeCommit({
    objectFormat: context.store.objectFormat,
    tree,
    parents: [...(from === null ? [] : [from]), ...due.map(({ oid }) => oid)],
    agent: who.agent,
    dateMs: Date.parse(at),
    subject: `archive: ${tasks.length === 1 ? tasks[0] : `${tasks.length} tasks`}`,
    note: { v: 1, kind: 'archive', by: who.agent, at, nonce: context.nonce(), tasks },
  });
}

/**
 * A claim on a task that is archived, which nobody renews: it goes in one push with a commit on the archive (protocol 8).
 * @returns whether this cleared it away @throws CoordError `unavailable`
 */
export async function clearArchivedClaim(context: Context, who: Who, { id, lease }: Seen): Promise<boolean> {
  const { layout, archive } = context.store;
  const from = await archiveTip(context);
  const oid = from === null ? undefined : (await archive.find(from, [id])).get(id);
  if (from === null || oid === undefined || !mayArchive(context)) return false;
  const { tree } = await archive.grown(from, new Map([[id, oid]]));
  const commit = encodeArchive(context, who, { from, tree, due: [{ id, oid }] });
  const updates = [
    { ref: layout.archive, from, to: commit.oid },
    { ref: layout.claims(id), from: lease.oid, to: null },
  ];
  context.pushed();
  const { answers } = await context.store.swap(updates, { atomic: true, objects: [commit] });
  return [...answers.values()].every((answer) => answer === 'applied');
}
