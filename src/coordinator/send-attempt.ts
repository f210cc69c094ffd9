import type { Seen } from '../domain/seen.ts';
import { settle } from '../domain/settle.ts';
import { CoordError } from '../errors.ts';
import type { BranchMove } from '../store/json-ledger.ts';
import type { SwapReport } from '../transport/port.ts';
import { type Attempt, pushOf } from './attempt.ts';
import { type Context, settleMs } from './context.ts';
import { findArchived } from './find-archived.ts';
import { type PairRead, readPair } from './read-seen.ts';

/**
 * Sends an attempt until it is settled (protocol 5). Never throws for a refusal.
 *
 *   applied       our task commit is in the task's log. `seen` where it had to be read to know
 *   superseded    another value is there; ours can't be applied any more
 *   branch-moved  a landing's branch is no longer where the attempt expects it; it wasn't applied, and can't be any more
 *   unavailable   it was not applied, and why: not reached, refused, or locked
 *   unknown       it may or may not be applied; the attempt stays pending
 */
export type Sent =
  | { readonly kind: 'applied'; readonly seen: Seen | null }
  | { readonly kind: 'superseded'; readonly read: PairRead }
  | { readonly kind: 'branch-moved' }
  | {
      readonly kind: 'unavailable';
      readonly message: string;
      readonly locks: readonly string[];
      /** An earlier push of it broke off: the lock may be what is left of it, and the attempt stays pending. */
      readonly maybeSent: boolean;
    }
  | { readonly kind: 'unknown'; readonly message: string };

const ancestorsMax = 256;
const unsentMax = 2;

export interface SendOptions {
  /** An earlier command sent it, and it may still be on its way. */
  readonly sentBefore?: boolean;
  /** Refs to read along with the task's own, for the next decision. */
  readonly more?: readonly string[] | undefined;
}

export async function sendAttempt(
  context: Context,
  attempt: Attempt,
  { sentBefore = false, more = [] }: SendOptions,
): Promise<Sent> {
  // days may have passed since: an id that was archived must not begin anew
  if (sentBefore && attempt.taskFrom === null) {
    const archived = await unlessUnavailable(() => findArchived(context, [attempt.task]));
    if (archived === null) return { kind: 'unknown', message: 'the remote could not be asked' };
    if (archived.size > 0) return { kind: 'superseded', read: await readPair(context, attempt.task, more) };
  }
  const { layout } = context.store;
  const deadlineMs = context.clock.monoMs() + settleMs;
  const board = layout.board(attempt.task);
  let claimFrom = attempt.claimFrom;
  let released = !context.profile.deletes || !context.profile.atomic;
  let maybeSent = sentBefore;
  let pauseMs = 40;
  let unsent = 0;
  for (;;) {
    const report = await push(context, attempt, claimFrom, released);
    const answers = [...report.answers.values()];
    if (answers.every((answer) => answer === 'applied') && context.profile.trusted)
      return { kind: 'applied', seen: null };
    if (answers.includes('unknown')) maybeSent = true;
    const failed = (): Sent =>
      maybeSent && report.locks.length === 0
        ? { kind: 'unknown', message: report.message }
        : { kind: 'unavailable', message: report.message, locks: report.locks, maybeSent };

    const pair = await lookAgain(context, attempt.task, more);
    const read = pair?.seen ?? null;
    if (pair === null || read === null)
      return report.answers.get(board) === 'applied' ? unconfirmed(report, context) : failed();
    const tip = read.task.kind === 'absent' ? null : read.task.oid;
    const ancestor = tip !== null && tip !== attempt.taskFrom && (await isAncestor(context, attempt.taskTo, tip));
    if (ancestor === null) return failed();
    // A host that refuses one ref of an atomic push and moves the other: what it moved is put right by the repairs.
    if (answers.includes('refused') && tip === attempt.taskFrom) return failed();
    const settled = settle(attempt, read, ancestor);
    if (settled.kind === 'applied') return { kind: 'applied', seen: read };
    if (settled.kind === 'superseded') return { kind: 'superseded', read: pair };
    if (attempt.branch && (await branchMoved(context, attempt.branch))) return { kind: 'branch-moved' };
    // Not let in, though it could be read: one more try is for a connection that broke early.
    if (answers.every((answer) => answer === 'unsent') && ++unsent >= unsentMax) return failed();
    // A lock that stays blocks every deletion in the repository, but only one ref's updates: tried once, however late.
    const withoutDeletion = report.locks.length > 0 && !released && attempt.claim.kind === 'free';
    if (!withoutDeletion && context.clock.monoMs() >= deadlineMs) return failed();
    released ||= withoutDeletion;
    claimFrom = settled.claimFrom;
    await context.clock.sleep(pauseMs * (0.5 + context.random()));
    pauseMs = Math.min(pauseMs * 2, 800);
  }
}

/** The task is where it was: a branch that isn't keeps this attempt from ever being applied. */
async function branchMoved(context: Context, { ref, from }: BranchMove): Promise<boolean> {
  const now = await unlessUnavailable(async () => ({ value: await context.store.value(ref) }));
  return now !== null && now.value !== from;
}

/** The server said yes, and then it could not be asked: believed only where it was probed. */
function unconfirmed(report: SwapReport, context: Context): Sent {
  if (context.profile.trusted) return { kind: 'applied', seen: null };
  return { kind: 'unknown', message: report.message || 'the answer could not be confirmed by reading back' };
}

/** One atomic push; on a host without `atomic` the task by itself first, then the lease (protocol 5). */
async function push(
  context: Context,
  attempt: Attempt,
  claimFrom: string | null,
  released: boolean,
): Promise<SwapReport> {
  const { updates, objects } = pushOf(context, attempt, claimFrom, released);
  context.pushed();
  const foreign = attempt.branch?.objects;
  if (context.profile.atomic) return context.store.swap(updates, { atomic: updates.length > 1, objects, foreign });
  const [task, ...lease] = updates;
  if (task === undefined) throw new Error('an attempt always moves its task');
  const first = await context.store.swap([task], { atomic: false, objects });
  if (lease.length === 0 || first.answers.get(task.ref) !== 'applied') return first;
  context.pushed();
  // Who moved the task ref holds the task; a lease that didn't follow is put right by the repairs (protocol 8).
  await context.store.swap(lease, { atomic: false, objects });
  return first;
}

async function lookAgain(context: Context, task: string, more: readonly string[]): Promise<PairRead | null> {
  return unlessUnavailable(() => readPair(context, task, more));
}

async function isAncestor(context: Context, oid: string, tip: string): Promise<boolean | null> {
  return unlessUnavailable(() => context.store.isAncestor(oid, tip, ancestorsMax));
}

async function unlessUnavailable<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof CoordError && error.code === 'unavailable') return null;
    throw error;
  }
}
