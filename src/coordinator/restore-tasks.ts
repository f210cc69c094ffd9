import type { QueueNote } from '../domain/agent.ts';
import type { LossStanding } from '../domain/decide-restore.ts';
import type { Who } from '../domain/seen.ts';
import type { Task } from '../domain/task.ts';
import { CoordError } from '../errors.ts';
import type { RefUpdate } from '../transport/port.ts';
import { type Context, decisionsMax } from './context.ts';
import { formatCommit } from './init-book.ts';
import { type Losses, type LossesRequest, type LostTask, lookForLosses } from './look-for-losses.ts';
import { archiveMove } from './lost-archive.ts';
import {
  archiveName,
  isApplied,
  isRefused,
  type Move,
  moveOf,
  pausesMove,
  pausesName,
  sendBatches,
  sendEach,
} from './restore-moves.ts';

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
  const givenUp = new Set<string>();
  const note = ({ id, loss }: Move) => (loss === null ? done.add(id) : restored.set(id, shown(loss)));
  let [book, words] = [false, ''];
  let queue: Restored['queue'] = null;
  for (let tries = 0; tries < decisionsMax; tries++) {
    const losses = await lookForLosses(context, request);
    const tasks = losses.tasks.map((loss): LostTask => (givenUp.has(loss.id) ? { ...loss, restoring: left } : loss));
    const due = tasks.filter(({ id, restoring }) => restoring.kind !== 'left' && !refused.has(id));
    const others = tasks.filter(({ restoring }) => restoring.kind === 'left');
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
        await request.kept.follow(others.map((loss) => followed(context, loss)));
        for (const loss of await arrived(context, sent, restored)) restored.set(loss.id, shown(loss));
      }
      const found = { restored, refused, left: others, book, archive: done.has(archiveName) };
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
    applied.forEach(note);
    if (failed.length === 0 && isApplied(report)) book ||= losses.formatGone;
    else if (isRefused(report)) {
      if (losses.formatGone) break;
      const each = await sendEach(context, failed);
      each.applied.forEach(note);
      for (const { move, why } of each.refused)
        if (isGivenUp(move)) givenUp.add(move.id);
        else refused.set(move.id, why);
    }
    await context.clock.sleep(50 * (tries + 1) * (0.5 + context.random()));
  }
  throw new CoordError('unavailable', `not all was put back at ${request.place}: ${words || 'the remote refused'}`, {
    hint: 'What was put back stays. The same command goes on.',
    next: ['git coord restore', 'git coord doctor'],
  });
}

const left = { kind: 'left' } as const;

/** Where the host takes no history of two parents, what is at the remote of an unfinished task stays as another clone put it back. */
const isGivenUp = ({ loss }: Move): boolean =>
  loss?.restoring.kind === 'on top' && loss.kept.state !== 'done' && loss.kept.state !== 'cancelled';

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
