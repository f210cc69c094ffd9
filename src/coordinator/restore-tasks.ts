import type { QueueNote } from '../domain/agent.ts';
import type { LossStanding } from '../domain/decide-restore.ts';
import type { Who } from '../domain/seen.ts';
import { taskSubject } from '../domain/subjects.ts';
import type { Task, TaskNote } from '../domain/task.ts';
import { CoordError } from '../errors.ts';
import { encodeCommit } from '../store/commit-codec.ts';
import type { NewCommit, NewObject, RefUpdate, SwapReport } from '../transport/port.ts';
import { encodeClaim } from './attempt.ts';
import { type Context, decisionsMax } from './context.ts';
import { formatCommit } from './init-book.ts';
import { type Losses, type LossesRequest, type LostPauses, type LostTask, lookForLosses } from './look-for-losses.ts';
import { archiveMove } from './lost-archive.ts';

export interface RestoreRequest extends LossesRequest {
  readonly kept: LossesRequest['kept'] & { follow(moves: readonly RefUpdate[]): Promise<void> };
  /** Decides, and writes nothing. */
  readonly dryRun: boolean;
}

export interface RestoredTask {
  readonly id: string;
  readonly was: LossStanding;
  readonly how: 'put back' | 'reopened' | 'on top' | 'left';
  /** As it is then; of what is left, as this clone had seen it. */
  readonly state: Task['state'];
  readonly term: number;
}

export interface Restored {
  readonly restored: readonly RestoredTask[];
  /** The remote's state is newer: it stays, and this clone goes by it now. */
  readonly left: readonly RestoredTask[];
  /** In the host's own words. */
  readonly refused: readonly { readonly id: string; readonly why: string }[];
  readonly unreadable: readonly string[];
  /** The remote has been told again which book it is. */
  readonly book: boolean;
  /** So was the archive. */
  readonly archive: boolean;
  /** What was paused when this clone looked last, and is again; null: it had not been lost. */
  readonly queue: Pick<QueueNote, 'paused' | 'labels'> | null;
  readonly dryRun: boolean;
}

/** What the restoring of one task, of the archive or of the pauses moves. */
interface Move {
  /** The task's, or that of one of the others. */
  readonly id: string;
  /** Null: it is no task's. */
  readonly loss: LostTask | null;
  readonly updates: readonly RefUpdate[];
  readonly objects: readonly NewObject[];
}

/**
 * Puts back what the remote has lost of what this clone has seen (protocol 5). Every ref is guarded by what the remote shows now; on a
 * conflict it is looked and decided again, so that what somebody else has put back meanwhile stays.
 *
 *   the pauses are gone       first of all: what is paused shall not be open in between
 *   the archive is gone       then; what is in it is not put back on the board
 *   the book itself is gone   the format goes with the last push: until it is there nobody joins
 *   one of them is refused    each by itself
 *
 * @throws CoordError `unavailable` (also: another book is there), `unknown`
 */
export async function restoreTasks(context: Context, who: Who, request: RestoreRequest): Promise<Restored> {
  const restored = new Map<string, RestoredTask>();
  const sent: Move[] = [];
  const refused = new Map<string, string>();
  const done = new Set<string>();
  let [book, words] = [false, ''];
  let queue: Restored['queue'] = null;
  for (let tries = 0; tries < decisionsMax; tries++) {
    const losses = await lookForLosses(context, request);
    const due = losses.tasks.filter(({ id, restoring }) => restoring.kind !== 'left' && !refused.has(id));
    const left = losses.tasks.filter(({ restoring }) => restoring.kind === 'left');
    const archiveDue = refused.has(archiveName) ? null : losses.archive;
    const pausesDue = refused.has(pausesName) ? null : losses.pauses;
    if (pausesDue !== null) queue = { paused: pausesDue.paused, labels: pausesDue.labels };
    if (request.dryRun) {
      for (const loss of due) restored.set(loss.id, shown(loss));
      if (archiveDue !== null) done.add(archiveName);
      if (pausesDue !== null) done.add(pausesName);
      book = losses.formatGone;
    }
    if (request.dryRun || (due.length === 0 && archiveDue === null && pausesDue === null && !losses.formatGone)) {
      if (!request.dryRun) {
        await request.kept.follow(left.map((loss) => followed(context, loss)));
        for (const loss of await arrived(context, sent, restored)) restored.set(loss.id, shown(loss));
      }
      const found = { restored, refused, left, book, archive: done.has(archiveName) };
      return answer(losses, { ...found, queue: done.has(pausesName) ? queue : null }, request);
    }
    const moves = due.map((loss) => moveOf(context, who, loss));
    if (archiveDue !== null)
      moves.unshift({ id: archiveName, loss: null, ...(await archiveMove(context, who, archiveDue)) });
    if (pausesDue !== null) moves.unshift(pausesMove(context, pausesDue));
    sent.push(...moves);
    const format = losses.formatGone
      ? formatCommit(context.store, request.book, who.agent, context.clock.wall())
      : undefined;
    const { applied, failed, report } = await sendBatches(context, moves, format);
    words = report.message;
    for (const { id, loss } of applied)
      if (loss === null) done.add(id);
      else restored.set(id, shown(loss));
    if (failed.length === 0 && isApplied(report)) book ||= losses.formatGone;
    else if ([...report.answers.values()].includes('refused')) {
      if (losses.formatGone) break;
      for (const [id, outcome] of await sendEach(context, failed))
        if (outcome.kind === 'refused') refused.set(id, outcome.why);
        else if (outcome.task === null) done.add(id);
        else restored.set(id, outcome.task);
    }
    await context.clock.sleep(50 * (tries + 1) * (0.5 + context.random()));
  }
  throw new CoordError('unavailable', `not all was put back at ${request.place}: ${words || 'the remote refused'}`, {
    hint: 'What was put back stays. The same command goes on.',
    next: ['git coord restore', 'git coord doctor'],
  });
}

const isApplied = ({ answers }: SwapReport): boolean => [...answers.values()].every((one) => one === 'applied');

/** The task's own refs, the task first: a claim that is there is of a tenure that has ended. */
function moveOf(context: Context, who: Who, loss: LostTask): Move {
  const { store } = context;
  const { id, there, keptOid, claimThere, restoring } = loss;
  const made = 'task' in restoring ? repairOn(context, who, loss, restoring.task) : null;
  const updates: RefUpdate[] = [{ ref: store.layout.board(id), from: there, to: made?.oid ?? keptOid }];
  const released = claimThere === null || context.profile.deletes ? null : releasedOn(context, loss, claimThere);
  if (claimThere !== null) updates.push({ ref: store.layout.claims(id), from: claimThere, to: released?.oid ?? null });
  return { id, loss, updates, objects: [made, released].filter((one) => one !== null) };
}

/** The very record that was seen: it has no term, and belongs to nobody. */
const pausesMove = ({ store }: Context, { oid }: LostPauses): Move => ({
  id: pausesName,
  loss: null,
  updates: [{ ref: store.layout.queue, from: null, to: oid }],
  objects: [],
});

/** Where nothing can be deleted. */
function releasedOn(context: Context, { id, kept, keptOid }: LostTask, claimThere: string): NewCommit {
  const free = { v: 1, kind: 'claim', state: 'released', task: id, term: kept.term, nonce: context.nonce() } as const;
  return encodeClaim(context, free, keptOid, claimThere);
}

function repairOn({ store, clock, nonce }: Context, who: Who, loss: LostTask, task: Task): NewCommit {
  const at = clock.wall();
  const note: TaskNote = { v: 1, kind: 'task', op: 'repair', by: who.agent, at, nonce: nonce(), task };
  // what was seen here is in its history too: then whoever has seen the same follows
  const parents = loss.restoring.kind === 'on top' && loss.there !== null ? [loss.there, loss.keptOid] : [loss.keptOid];
  return encodeCommit({
    objectFormat: store.objectFormat,
    parents,
    agent: who.agent,
    dateMs: Date.parse(at),
    subject: taskSubject(note),
    note,
  });
}

/** git push takes longer for each ref the more there are. */
const batchMax = 200;

/** One after the other, until one isn't applied; the format goes with the last. */
async function sendBatches(context: Context, moves: readonly Move[], format: NewCommit | undefined) {
  const applied: Move[] = [];
  for (let at = 0; ; at += batchMax) {
    const batch = moves.slice(at, at + batchMax);
    const isLast = at + batchMax >= moves.length;
    const report = await sendAll(context, batch, isLast ? format : undefined);
    if (!isApplied(report)) return { applied, failed: batch, report };
    applied.push(...batch);
    if (isLast) return { applied, failed: [], report };
  }
}

async function sendAll(context: Context, moves: readonly Move[], format?: NewCommit): Promise<SwapReport> {
  const { store, profile } = context;
  const tasks = moves.flatMap(({ updates }) => updates);
  const objects = [...moves.flatMap((move) => move.objects), ...(format ? [format] : [])];
  const last = format ? [{ ref: store.layout.format, from: null, to: format.oid }] : [];
  context.pushed();
  if (profile.atomic || last.length === 0 || tasks.length === 0)
    return store.swap([...tasks, ...last], { atomic: profile.atomic, objects });
  const report = await store.swap(tasks, { atomic: false, objects });
  if (!isApplied(report)) return report;
  context.pushed();
  return store.swap(last, { atomic: false, objects });
}

type Sent =
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'done'; readonly task: RestoredTask | null };

/** What lost a race, or wasn't answered, is not among the outcomes: it is looked at again. */
async function sendEach(context: Context, moves: readonly Move[]): Promise<Map<string, Sent>> {
  const outcomes = new Map<string, Sent>();
  for (const move of moves) {
    const { id } = move;
    const report = await sendAll(context, [move]);
    if (isApplied(report)) outcomes.set(id, { kind: 'done', task: move.loss && shown(move.loss) });
    else if ([...report.answers.values()].includes('refused'))
      outcomes.set(id, { kind: 'refused', why: report.message });
  }
  return outcomes;
}

/** As no task is called. */
const archiveName = 'archive/board';
const pausesName = 'coord/queue';

/** What was sent without an answer, and is there: as ours, not as somebody else's. */
async function arrived({ store }: Context, sent: readonly Move[], known: ReadonlyMap<string, unknown>) {
  const open = sent.flatMap(({ loss, updates }) => (loss === null || known.has(loss.id) ? [] : [{ loss, updates }]));
  if (open.length === 0) return [];
  const { records } = await store.read(open.map(({ loss }) => store.layout.board(loss.id)));
  const found: LostTask[] = [];
  for (const { loss, updates } of open) {
    const tip = records.get(store.layout.board(loss.id))?.decoded.oid;
    const to = updates[0]?.to;
    if (tip && to && loss.restoring.kind !== 'put back' && (await store.isAncestor(to, tip, stepsMax)))
      found.push(loss);
  }
  return found;
}

/** Of a log that went on before it was looked at. */
const stepsMax = 16;

function shown({ id, standing, kept, restoring }: LostTask): RestoredTask {
  const { state, term } = 'task' in restoring ? restoring.task : kept;
  return { id, was: standing, how: restoring.kind, state, term };
}

const followed = ({ store }: Context, { id, keptOid, there }: LostTask): RefUpdate => ({
  ref: store.layout.board(id),
  from: keptOid,
  to: there,
});

function answer(
  { unreadable }: Losses,
  found: {
    readonly restored: ReadonlyMap<string, RestoredTask>;
    readonly refused: ReadonlyMap<string, string>;
    readonly left: readonly LostTask[];
    readonly book: boolean;
    readonly archive: boolean;
    readonly queue: Restored['queue'];
  },
  { dryRun }: RestoreRequest,
): Restored {
  const refused = [...found.refused].map(([id, why]) => ({ id, why }));
  const { book, archive, queue } = found;
  const restored = [...found.restored.values()];
  return { restored, left: found.left.map(shown), refused, unreadable, book, archive, queue, dryRun };
}
