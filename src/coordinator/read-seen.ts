import type { ClaimNote, Lease } from '../domain/claim.ts';
import { sightingGapMaxMs, standstillMs } from '../domain/lease-times.ts';
import { expiryBasis, fits, type Seen, type TaskSeen } from '../domain/seen.ts';
import type { TaskNote } from '../domain/task.ts';
import type { BookRead, RecordRead } from '../store/record-store.ts';
import { type Context, fittingReadsMax } from './context.ts';

/** Reads tasks with their leases, and keeps the sightings that expiry is judged by (protocol 6). */

/** The two refs of a task as this read shows them. */
export function seenOf(context: Context, read: BookRead, id: string): Seen {
  const { layout } = context.store;
  return {
    id,
    task: taskSeen(read.records.get(layout.board(id))),
    lease: leaseSeen(read.records.get(layout.claims(id))),
    wentBack: read.wentBack.has(layout.board(id)),
  };
}

function taskSeen(record: RecordRead | undefined): TaskSeen {
  if (record === undefined) return { kind: 'absent' };
  const { decoded, name } = record;
  if (!decoded.ok) return { kind: 'bad', oid: decoded.oid, why: decoded.why };
  const note = decoded.note as TaskNote;
  if (note.task.id !== name) return { kind: 'bad', oid: decoded.oid, why: 'its note is of another task' };
  return { kind: 'task', oid: decoded.oid, note };
}

function leaseSeen(record: RecordRead | undefined): Lease {
  if (record === undefined) return { kind: 'free', oid: null };
  const { decoded, name } = record;
  if (!decoded.ok) return { kind: 'unreadable', oid: decoded.oid };
  const note = decoded.note as ClaimNote;
  if (note.task !== name) return { kind: 'unreadable', oid: decoded.oid };
  return note.state === 'released'
    ? { kind: 'free', oid: decoded.oid }
    : { kind: 'held', oid: decoded.oid, claim: note };
}

export interface PairRead {
  readonly seen: Seen;
  readonly book: BookRead;
}

/**
 * One task and its lease, read again while the two don't fit each other, with whatever else is asked for.
 * @throws CoordError `unavailable`
 */
export async function readPair(context: Context, id: string, more: readonly string[] = []): Promise<PairRead> {
  const { layout } = context.store;
  for (let read = 1; ; read++) {
    const book = await context.store.read([layout.board(id), layout.claims(id), ...more]);
    const seen = seenOf(context, book, id);
    if (fits(seen) || read >= fittingReadsMax) {
      observe(context, seen);
      return { seen, book };
    }
    await context.clock.sleep(20 + 60 * context.random());
  }
}

/** Notes a sighting of whatever has to stand still before somebody else may try; the read has just finished. */
export function observe(context: Context, seen: Seen): void {
  const { layout } = context.store;
  const basis = expiryBasis(seen);
  if (basis?.ref === 'claims') context.observed.saw(layout.claims(seen.id), basis.oid, sightingGapMaxMs(basis.ttlMs));
  if (seen.task.kind !== 'task') return;
  const { backoffMs, reserved } = seen.task.note.task;
  if (basis?.ref === 'board' || backoffMs > 0 || reserved) {
    context.observed.saw(layout.board(seen.id), seen.task.oid, Number.POSITIVE_INFINITY);
  }
}

/** How long what is held has stood still, and whether somebody else may try. */
export function standstill(context: Context, seen: Seen): { ageMs: number; expired: boolean } {
  const basis = expiryBasis(seen);
  if (basis === null) return { ageMs: 0, expired: false };
  const { layout } = context.store;
  const [ref, gapMs] =
    basis.ref === 'claims'
      ? [layout.claims(seen.id), sightingGapMaxMs(basis.ttlMs)]
      : [layout.board(seen.id), Number.POSITIVE_INFINITY];
  const ageMs = Math.round(context.observed.ageMs(ref, basis.oid, gapMs));
  return { ageMs, expired: ageMs >= standstillMs(basis.ttlMs) };
}

/** Milliseconds since this clone first saw the task's tip; for backoffs and reservations. */
export function tipAgeMs(context: Context, seen: Seen): number {
  if (seen.task.kind !== 'task') return 0;
  const ref = context.store.layout.board(seen.id);
  return context.observed.ageMs(ref, seen.task.oid, Number.POSITIVE_INFINITY);
}
