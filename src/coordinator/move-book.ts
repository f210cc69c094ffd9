/**
 * A local book moves to a remote (protocol 1), in steps that can each be cut off:
 *
 *   note     coord/moving.json: which values are being pushed, and where to
 *   push     all refs as "must not exist", in one atomic push, the format last: until it is there nobody joins
 *   switch   git config names the remote (by the caller)
 *   drain    what changed here since the note was made is pushed after it; then the refs go, each guarded by its value
 *
 * A command that was cut off is continued by the same command: up to the push everything is sent that isn't there yet,
 * after it the format shows that the remote has this very book.
 */
import { CoordError } from '../errors.ts';
import type { JsonLedger } from '../store/json-ledger.ts';
import type { ForeignObjects, Oid, RefUpdate, SwapReport, Transport } from '../transport/port.ts';

export interface MoveJournal {
  readonly remote: string;
  /** Of the refs here. */
  readonly fromPrefix: string;
  /** By the name below the prefix. */
  readonly refs: Readonly<Record<string, Oid>>;
}

export interface MoveRequest {
  readonly from: Transport;
  readonly fromPrefix: string;
  readonly to: Transport;
  readonly toPrefix: string;
  readonly remote: string;
  /** The clone's objects, which the push carries. */
  readonly foreign: ForeignObjects;
  readonly journal: JsonLedger<MoveJournal>;
}

export const journalName = 'moving.json';
const spaces = ['board/', 'archive/', 'claims/', 'agents/', 'events/', 'coord/'];
const format = 'coord/format';
/** Rounds of draining: beats of a command that began before the switch. */
const roundsMax = 5;

/** The refs of a book, by their names below the prefix. */
export async function bookRefs(transport: Transport, prefix: string): Promise<Map<string, Oid>> {
  const { refs } = await transport.list(spaces.map((space) => prefix + space));
  return new Map([...refs].map(([ref, oid]) => [ref.slice(prefix.length), oid]));
}

/**
 * Brings all refs to the remote. Run before the switch.
 * @throws CoordError `exists` when the remote has a book or refs of its own, `unavailable`, `unknown`
 */
export async function pushBook(request: MoveRequest): Promise<void> {
  const { from, fromPrefix, to, toPrefix, remote, journal } = request;
  const local = await bookRefs(from, fromPrefix);
  const there = await bookRefs(to, toPrefix);
  const formatThere = there.get(format);
  if (formatThere !== undefined) {
    // pushed already, by a command that was cut off
    if (formatThere === local.get(format)) return;
    throw occupied(remote, 'a book of its own');
  }
  const foreignRef = [...local].find(([name, oid]) => there.has(name) && there.get(name) !== oid);
  if (foreignRef !== undefined) throw occupied(remote, `another ${toPrefix}${foreignRef[0]}`);
  journal.put(journalName, { remote, fromPrefix, refs: Object.fromEntries(local) });
  const missing = [...local].filter(([name]) => !there.has(name)).sort(byFormatLast);
  const updates = missing.map(([name, oid]) => ({ ref: toPrefix + name, from: null, to: oid }));
  try {
    await pushAll(request, updates);
  } catch (error) {
    const arrived = await bookRefs(to, toPrefix).catch(() => null);
    const isCertain = !(error instanceof CoordError && error.code === 'unknown');
    // nothing was begun: the book stays here, and nothing is to be continued
    if (isCertain && arrived !== null && !missing.some(([name, oid]) => arrived.get(name) === oid))
      journal.remove(journalName);
    throw error;
  }
}

const byFormatLast = ([a]: [string, Oid], [b]: [string, Oid]): number =>
  Number(a === format) - Number(b === format) || (a < b ? -1 : 1);

/** Sends, and believes what the remote shows then. */
async function pushAll({ to, remote, foreign }: MoveRequest, updates: readonly RefUpdate[]): Promise<void> {
  if (updates.length === 0) return;
  const report = await to.compareAndSwap(updates, { atomic: true, objects: [], foreign });
  const { refs } = await to.list(updates.map(({ ref }) => ref));
  const wrong = updates.find(({ ref, to: oid }) => refs.get(ref) !== oid);
  if (wrong === undefined) return;
  const shown = refs.get(wrong.ref);
  if (shown !== undefined && shown !== wrong.from) throw occupied(remote, `another ${wrong.ref}`);
  throw notPushed(remote, report);
}

function notPushed(remote: string, { answers, message }: SwapReport): CoordError {
  const isUnknown = [...answers.values()].includes('unknown');
  const text = `the book was not moved to ${remote}: ${message || 'nothing was said why'}`;
  return new CoordError(isUnknown ? 'unknown' : 'unavailable', text, {
    hint: 'It is still here. The same command continues.',
  });
}

function occupied(remote: string, what: string): CoordError {
  return new CoordError('exists', `${remote} has ${what}: a book can only move to a place that has none`, {
    hint: 'Nothing was changed here. To leave the local tasks behind, finish or cancel them first.',
    next: ['git coord list'],
  });
}

/**
 * Takes the refs away here, after what changed meanwhile has followed to the remote. Run after the switch. Answers how
 * many there were.
 * @throws CoordError `unavailable`, `unknown`, `exists` when a ref changed both here and there
 */
export async function drainBook(request: MoveRequest): Promise<number> {
  const { from, fromPrefix, toPrefix, remote, journal } = request;
  const base = new Map(Object.entries(journal.get(journalName)?.refs ?? {}));
  let drained = 0;
  let words = '';
  for (let round = 0; round < roundsMax; round++) {
    const local = await bookRefs(from, fromPrefix);
    if (local.size === 0) {
      journal.remove(journalName);
      return drained;
    }
    const changed = [...local].filter(([name, oid]) => base.get(name) !== oid);
    await pushAll(
      request,
      changed.map(([name, oid]) => ({ ref: toPrefix + name, from: base.get(name) ?? null, to: oid })),
    );
    for (const [name, oid] of changed) base.set(name, oid);
    if (changed.length > 0) journal.put(journalName, { remote, fromPrefix, refs: Object.fromEntries(base) });
    const deletions = [...local].map(([name, oid]) => ({ ref: fromPrefix + name, from: oid, to: null }));
    const { answers, message } = await from.compareAndSwap(deletions, { atomic: true, objects: [] });
    words = message;
    drained += [...answers.values()].filter((answer) => answer === 'applied').length;
  }
  throw new CoordError('unavailable', `the book moved, but its refs here could not be deleted: ${words}`, {
    hint: 'Stop what still works on the local book, delete a lock file that stays. The same command continues.',
    next: ['git coord daemon stop', 'git coord init'],
  });
}
