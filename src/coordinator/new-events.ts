import { type EventNote, inOneOrder, isEventOf, type ShownEvent, shownEvent } from '../domain/event.ts';
import type { Task, TaskNote, TaskState } from '../domain/task.ts';
import type { Told } from '../store/cursor-journal.ts';
import type { Decoded, RecordKind } from '../store/record-kind.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Oid } from '../transport/port.ts';
import { kinds } from './record-kinds.ts';
import { changesOf } from './task-log.ts';

/**
 * What the logs of tasks and the chains of agents have that was not told yet. For each ref:
 *
 *   new            all of it
 *   moved on       what lies between
 *   went back      nothing: it was told, and a read from before shows it, or the book went back
 *   begun anew     an agent's chain, also by somebody else: what counts higher than what was told, and is none of it;
 *                  anything missing is said
 *   archived       what was added before; also of tasks that came and went since
 *   not there      nothing; should it come back, it goes on from what was told
 */
export interface ToldStep {
  readonly ref: string;
  readonly oid: Oid;
  readonly at: string;
  /** Null: nothing that can be shown. */
  readonly event: ShownEvent | null;
}

export interface NewEvents {
  /** In the order in which they are told: each ref's own order is kept. */
  readonly steps: readonly ToldStep[];
  /** Refs that are gone. */
  readonly gone: readonly string[];
  /** What can't be told any more, in words. */
  readonly gaps: readonly string[];
}

const entriesMax = 10_000;

/** @throws CoordError `unavailable` */
export async function newEvents(store: RecordStore, told: Told): Promise<NewEvents> {
  const tips = await eventTips(store);
  const archived = await archivedSince(store, tips, told);
  const gaps: string[] = [];
  const logs: ToldStep[][] = [];
  for (const [ref, tip] of new Map([...archived, ...tips])) {
    const last = told.refs.get(ref) ?? told.gone.get(ref) ?? null;
    if (last === tip) continue;
    const place = store.layout.parse(ref);
    if (place?.space === 'board') logs.push(await taskSteps(store, ref, tip, last, gaps));
    else if (place?.space === 'events') logs.push(await agentSteps(store, { ref, agent: place.name }, tip, last, gaps));
  }
  const gone = [...told.refs.keys()].filter((ref) => !tips.has(ref));
  for (const ref of gone)
    if (!archived.has(ref) && (await leftEarly(store, ref, told))) gaps.push(`${ref} is gone, its last steps untold`);
  const archive = tips.get(store.layout.archive);
  const steps: ToldStep[] = inOneOrder(logs);
  // after the steps of its tasks: who is cut off before it looks through the archive again
  if (archive !== undefined && archive !== told.refs.get(store.layout.archive))
    steps.push({ ref: store.layout.archive, oid: archive, at: '', event: null });
  return { steps, gone, gaps };
}

/** Where the logs end that went to the archive since what was told, by the refs that they had. */
async function archivedSince(
  { layout, archive }: RecordStore,
  tips: ReadonlyMap<string, Oid>,
  told: Told,
): Promise<Map<string, Oid>> {
  const [tip, last] = [tips.get(layout.archive), told.refs.get(layout.archive)];
  if (tip === undefined || tip === last) return new Map();
  const before = last === undefined ? new Map<string, Oid>() : await archive.all(last);
  const added = [...(await archive.all(tip))].filter(([id, oid]) => before.get(id) !== oid);
  return new Map(added.map(([id, oid]) => [layout.board(id), oid]));
}

/** What leaves the board for the archive is over: of anything else something may have been missed. */
async function leftEarly(store: RecordStore, ref: string, told: Told): Promise<boolean> {
  const last = told.refs.get(ref);
  if (last === undefined || store.layout.parse(ref)?.space !== 'board') return false;
  const [base] = await store.history(kinds.task, last, 1);
  return base?.ok === true && !endStates.has(base.note.task.state);
}

const endStates: ReadonlySet<TaskState> = new Set(['done', 'failed', 'cancelled']);

/** Where all that can be told ends now. @throws CoordError `unavailable` */
export async function eventTips(store: RecordStore): Promise<Map<string, Oid>> {
  const { layout } = store;
  const tips = await store.tips([layout.all('board'), layout.all('events'), layout.archive]);
  return new Map([...tips].filter(([ref]) => ref !== layout.format));
}

async function taskSteps(store: RecordStore, ref: string, tip: Oid, last: Oid | null, gaps: string[]) {
  const found = await since(store, kinds.task, tip, last);
  if (found === null) return [];
  if (found.isCut) gaps.push(`older steps of ${ref} are left out`);
  const [base] = last === null ? [] : await store.history(kinds.task, last, 1);
  let before: Task | null = base?.ok ? base.note.task : null;
  return found.entries.map((entry): ToldStep => {
    if (!entry.ok) return { ref, oid: entry.oid, at: '', event: null };
    const event = taskEvent(entry.oid, entry.note, before);
    before = entry.note.task;
    return { ref, oid: entry.oid, at: event.at, event };
  });
}

function taskEvent(oid: Oid, { op, by, at, task }: TaskNote, before: Task | null): ShownEvent {
  const { id, term, title, type, priority, state } = task;
  const data = before === null ? { title, type, priority, state } : changesOf(task, before);
  return { id: oid, type: `task.${op}`, at, by, task: id, term, seq: null, data: data as ShownEvent['data'] };
}

async function agentSteps(
  store: RecordStore,
  { ref, agent }: { readonly ref: string; readonly agent: string },
  tip: Oid,
  last: Oid | null,
  gaps: string[],
) {
  const found = await since(store, kinds.event, tip, last);
  if (found === null) return [];
  const before = toldBefore(found, agent, last);
  const steps = found.entries.map((entry): ToldStep => {
    const { oid } = entry;
    if (!entry.ok || !isEventOf(entry.note, agent)) return { ref, oid, at: '', event: null };
    const wasTold = entry.note.seq <= before.seq || before.ids.has(entry.note.id);
    return { ref, oid, at: entry.note.at, event: wasTold ? null : shownEvent(entry.note) };
  });
  const firstSeq = steps.find(({ event }) => event !== null)?.event?.seq ?? 0;
  if (before.seq > 0 && firstSeq > before.seq + 1)
    gaps.push(`events ${before.seq + 1} to ${firstSeq - 1} of ${agent} are no longer kept`);
  return steps;
}

/**
 * What was told of an agent before its chain was begun anew: all up to a count, and by name. The new one counts on if it
 * says where the old one ended, or has an event of it; else the agent has begun to count from 1, not knowing of the old one.
 */
function toldBefore({ entries, past }: Since<EventNote>, agent: string, last: Oid | null) {
  const own = (notes: readonly Decoded<EventNote>[]) =>
    notes.flatMap((one) => (one.ok && isEventOf(one.note, agent) ? [one.note] : []));
  const told = own(past);
  const ids = new Set(told.map(({ id }) => id));
  const after = past.length === 0 ? undefined : own(entries.slice(0, 1))[0]?.after;
  // what was told beyond the end that the agent itself knows was somebody else's
  if (after !== undefined)
    return { ids, seq: Math.min(after.seq, told[0]?.seq ?? (after.tip === last ? after.seq : 0)) };
  return { ids, seq: own(entries).some(({ id }) => ids.has(id)) ? (told[0]?.seq ?? 0) : 0 };
}

interface Since<T> {
  /** Oldest first. */
  readonly entries: readonly Decoded<T>[];
  /** What was told, newest first, if they don't follow on it. */
  readonly past: readonly Decoded<T>[];
  readonly isCut: boolean;
}

/** Null: nothing, or nothing that can be read now. */
async function since<T>(store: RecordStore, kind: RecordKind<T>, tip: Oid, last: Oid | null): Promise<Since<T> | null> {
  const { entries, ended } = await store.newer(kind, tip, (oid) => oid === last, entriesMax);
  if (ended === 'missing') return null;
  const isCut = ended === 'max';
  if (last === null || ended === 'known') return { entries: entries.toReversed(), past: [], isCut };
  const past = await store.history(kind, last, entriesMax);
  const oids = new Set(past.map(({ oid }) => oid));
  if (oids.has(tip)) return null;
  const common = entries.findIndex(({ oid }) => oids.has(oid));
  if (common < 0) return { entries: entries.toReversed(), past, isCut };
  return { entries: entries.slice(0, common).toReversed(), past: [], isCut: false };
}
