import { decideClaim } from '../domain/decide-claim.ts';
import type { Via } from '../domain/decision.ts';
import { pollMs, standstillMs } from '../domain/lease-times.ts';
import { lacking, queuePauses, reservationCounts, unmetNeeds } from '../domain/readiness.ts';
import { expiryBasis, type Who } from '../domain/seen.ts';
import { wasMine } from '../domain/tenure.ts';
import type { ClaimView, TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import type { HeldState } from '../store/held-ledger.ts';
import { capabilitiesOf } from './agent-beats.ts';
import { queueOf } from './book-view.ts';
import type { Context } from './context.ts';
import { type PairRead, standstill, tipAgeMs } from './read-seen.ts';
import { refusalError } from './refusal-error.ts';
import { showTask } from './show-task.ts';
import { statesOfNeeds } from './states-of-needs.ts';
import { type Outcome, transition } from './transition.ts';

/** Claims one task by its id (protocol 4, "claim", "take over"). */
export interface ClaimOptions {
  readonly ttlMs: number;
  readonly force: boolean;
  readonly create: boolean;
  readonly createType?: 'external' | 'lock';
  /** The process with which the claim lives and dies (protocol 9). */
  readonly owner: HeldState['owner'];
  /** While an owner lives, the claim is answered only to it and its descendants. */
  readonly ownerIsOther: (owner: NonNullable<HeldState['owner']>) => boolean;
  readonly ownerIsGone: (owner: NonNullable<HeldState['owner']>) => boolean;
  readonly command: string;
  /** Told once, before it is waited for: who has it, or what else is in the way. */
  readonly onWait?: ((why: string) => void) | undefined;
  /** The task, its claim and the queue, if they were just read. */
  readonly first?: PairRead | undefined;
}

export interface ClaimResult {
  task: TaskView;
  claim: ClaimView;
  via: Via;
}

/** @throws CoordError `held`, `not-ready`, `not-found`, `unavailable`, `unknown` */
export async function claimTask(context: Context, who: Who, id: string, options: ClaimOptions): Promise<ClaimResult> {
  const outcome = await tryClaim(context, who, id, options);
  if (outcome.kind === 'refused') throw await heldHint(context, who, id, outcome);
  return claimed(context, who, id, options, outcome);
}

/**
 * One try; losing is a value.
 * @param isRepeat one who waits tries again and again: being refused again isn't counted
 * @throws CoordError `unavailable`, `unknown`, `held` (owned by another process)
 */
export async function tryClaim(
  context: Context,
  who: Who,
  id: string,
  options: ClaimOptions,
  isRepeat = false,
): Promise<Outcome> {
  const startedMs = context.clock.monoMs();
  const measured = (result: string) => context.measured('claim', result, context.clock.monoMs() - startedMs);
  try {
    const outcome = await decideClaiming(context, who, id, options);
    if (outcome.kind === 'won') measured('won');
    else if (outcome.kind === 'refused' && !isRepeat) measured(outcome.refusal.reason === 'held' ? 'lost' : 'refused');
    return outcome;
  } catch (error) {
    const code = error instanceof CoordError ? error.code : 'internal';
    measured(code === 'unknown' ? 'unknown' : code === 'held' ? 'lost' : 'error');
    throw error;
  }
}

async function decideClaiming(context: Context, who: Who, id: string, options: ClaimOptions): Promise<Outcome> {
  const { layout } = context.store;
  const cycle = context.nonce().slice(0, 8);
  return transition(context, {
    id,
    who,
    command: options.command,
    first: options.first,
    more: [layout.queue],
    owner: options.owner,
    decide: async (read, stamp) => {
      const mine = context.held.get(id);
      const owner = mine?.state.owner;
      const request = {
        ...who,
        mine,
        cycle,
        ttlMs: options.ttlMs,
        force: options.force,
        create: options.create,
        createType: options.createType ?? ('external' as const),
        stoodStill: standstill(context, read.seen).expired,
        ownerIsGone: owner != null && options.ownerIsGone(owner),
        lacks: mine && wasMine(mine, who) ? [] : lacks(context, who, read),
        ...(await obstacles(context, read)),
      };
      const decision = decideClaim(read.seen, request, stamp);
      if (decision.kind !== 'write' && decision.kind !== 'unchanged') return decision;
      if (options.createType === 'lock') refuseTask(id, read);
      // put back by the one whose it is, not by another for itself
      if (decision.via === 'already-mine' && owner && options.ownerIsOther(owner)) {
        throw new CoordError('held', `${id} is held by ${who.agent} for process ${owner.pid}, which still runs`, {
          next: ['git coord claim --next', 'git coord status'],
        });
      }
      return decision;
    },
  });
}

/** Somebody's work must not be taken for a lock. */
function refuseTask(id: string, { seen: { task } }: PairRead): void {
  if (task.kind !== 'task' || task.note.task.type === 'lock') return;
  throw new CoordError('not-ready', `${id} is a task, not a lock`, {
    hint: 'Choose another name for the lock.',
    next: [`git coord show ${id}`],
  });
}

const lacks = (context: Context, { agent }: Who, { seen: { task } }: PairRead): string[] =>
  task.kind === 'task' ? lacking(task.note.task, capabilitiesOf(context, agent)) : [];

async function obstacles(context: Context, { seen, book }: PairRead) {
  const queue = queueOf(context, book);
  if (seen.task.kind !== 'task') return { blockedBy: [], queuePaused: false, reservationCounts: false };
  const { task } = seen.task.note;
  const unmet = unmetNeeds(task, await statesOfNeeds(context, task.needs));
  return {
    blockedBy: unmet.map((need) => need.id),
    queuePaused: queuePauses(task, queue),
    reservationCounts: reservationCounts(task, tipAgeMs(context, seen)),
  };
}

/** What a claim that is ours says: the ledger knows its owner, the mirror shows it. */
export async function claimed(
  context: Context,
  who: Who,
  id: string,
  options: ClaimOptions,
  outcome: Outcome,
): Promise<ClaimResult> {
  const held = context.held.get(id);
  if (held === null)
    throw new CoordError('lost', `the claim of ${id} was ended in this clone meanwhile`, {
      next: [`git coord claim ${id}`],
    });
  const owner = options.owner ?? held.state.owner;
  const touched = { ...held.state, owner, unsaid: false, activeBootMs: context.clock.bootMs() };
  // After a reboot a lease is beaten again only once a command of its session has run: this one.
  context.held.put({
    ...held,
    boot: context.boot,
    untilBootMs: held.boot === context.boot ? held.untilBootMs : 0,
    state: touched,
  });
  await context.mirror.show(id, held.state.claimOid);
  const task = await showTask(context, who, id, outcome);
  if (task.claim === null)
    throw new CoordError('lost', `the claim of ${id} is gone again`, { next: [`git coord claim ${id}`] });
  const via = outcome.kind === 'won' || outcome.kind === 'unchanged' ? outcome.via : undefined;
  return { task, claim: task.claim, via: via ?? 'already-mine' };
}

async function heldHint(
  context: Context,
  who: Who,
  id: string,
  outcome: Extract<Outcome, { kind: 'refused' }>,
): Promise<CoordError> {
  const error = refusalError(id, outcome.refusal);
  if (outcome.refusal.reason !== 'held') return error;
  const { ageMs } = standstill(context, outcome.seen);
  const basis = expiryBasis(outcome.seen);
  const sameAgent = outcome.refusal.agent === who.agent && outcome.refusal.session !== who.session;
  const hint = sameAgent
    ? `This agent holds it under another session (${outcome.refusal.session}); a claim belongs to agent and session.`
    : basis
      ? `Unless its holder renews it, it can be taken in about ${Math.max(1, Math.round((standstillMs(basis.ttlMs) - ageMs) / 1000))} s.`
      : undefined;
  return new CoordError('held', error.message, { hint, next: error.next, data: error.data });
}

/**
 * Claims, and waits while somebody else holds it: the wait also watches, so that what expires is taken (protocol 6).
 * @throws CoordError `held` when the wait ran out, and what `claimTask` throws
 */
export async function claimWaiting(
  context: Context,
  who: Who,
  id: string,
  options: ClaimOptions,
  waitMs: number,
  pollIntervalMs: number,
): Promise<ClaimResult> {
  const untilMs = context.clock.monoMs() + waitMs;
  let { first } = options;
  for (let isRepeat = false; ; isRepeat = true) {
    const outcome = await tryClaim(context, who, id, { ...options, first }, isRepeat).catch(unlessHeld);
    first = undefined;
    const ownHas = outcome instanceof CoordError;
    if (!ownHas && outcome.kind !== 'refused') return claimed(context, who, id, options, outcome);
    const mayChange = ownHas || passing.has(outcome.refusal.reason);
    const error = ownHas ? outcome : await heldHint(context, who, id, outcome);
    const leftMs = untilMs - context.clock.monoMs();
    if (!mayChange || leftMs <= 0) throw error;
    if (!isRepeat) options.onWait?.(error.message);
    const ttlMs = (ownHas ? null : expiryBasis(outcome.seen))?.ttlMs ?? options.ttlMs;
    await context.clock.sleep(
      Math.min(leftMs, Math.min(pollMs(ttlMs), pollIntervalMs) * (0.75 + context.random() / 2)),
    );
  }
}

const passing: ReadonlySet<string> = new Set(['held', 'blocked', 'paused', 'reserved']);

/** Another process of this very session has it: waited for like anybody else. */
function unlessHeld(error: unknown): CoordError {
  if (error instanceof CoordError && error.code === 'held') return error;
  throw error;
}
