import type { HeldClaim, Lease } from './claim.ts';
import type { Stamp } from './decision.ts';
import { ownClaim, type Who } from './seen.ts';
import type { Holder, Task, TaskError } from './task.ts';

/** How a tenure begins and ends: the parts that several transitions share. Pure. */

/** A tenure that this clone's ledger knows as its own (protocol 1, "Mine"). */
export interface Mine extends Who {
  readonly tenure: string;
  readonly term: number;
}

/** Whether the task's present tenure is this requester's: known to the ledger, and agent and session match. */
export function isMine(holder: Holder | null, mine: Mine | null, who: Who): boolean {
  return (
    holder !== null &&
    mine !== null &&
    holder.tenure === mine.tenure &&
    mine.agent === who.agent &&
    mine.session === who.session
  );
}

/** Whether the ledger's tenure belongs to this requester, whatever became of it. */
export const wasMine = (mine: Mine | null, who: Who): mine is Mine =>
  mine !== null && mine.agent === who.agent && mine.session === who.session;

export interface Begin extends Who {
  readonly ttlMs: number;
  readonly cycle: string;
}

/** The task and the claim of a new tenure: the term grows, the attempt counts, what the last one left is cleared. */
export function beginTenure(
  task: Task,
  attempts: number,
  begin: Begin,
  stamp: Stamp,
): { task: Task; claim: HeldClaim } {
  const term = task.term + 1;
  const { agent, session, ttlMs, cycle } = begin;
  const claim: HeldClaim = {
    v: 1,
    kind: 'claim',
    state: 'held',
    task: task.id,
    term,
    agent,
    session,
    tenure: stamp.nonce,
    cycle,
    ttlMs,
    claimedAt: stamp.at,
    beat: 0,
    progress: null,
  };
  const held: Task = {
    ...task,
    state: 'claimed',
    term,
    attempts,
    backoffMs: 0,
    assignee: null,
    reserved: null,
    error: null,
    review: null,
    landed: null,
    holder: { agent, session, tenure: stamp.nonce, ttlMs },
  };
  return { task: held, claim };
}

/** The task without its holder, with the lease's last progress, which would be lost with the claim. */
function endTenure(task: Task, lease: Lease): Task {
  return { ...task, holder: null, progress: ownClaim(task, lease)?.progress ?? task.progress };
}

/** Given back: the attempt doesn't count. */
export function giveBack(task: Task, lease: Lease): Task {
  return { ...endTenure(task, lease), state: 'open', attempts: Math.max(0, task.attempts - 1) };
}

/** Ended without success: open again while tries are left, else the dead letter. A lock has no limit. */
export function endAttempt(task: Task, lease: Lease, error: TaskError, backoffMs: number): Task {
  const left = task.type === 'lock' || task.attempts <= task.retryLimit;
  return { ...endTenure(task, lease), state: left ? 'open' : 'failed', error, backoffMs: left ? backoffMs : 0 };
}

export function complete(task: Task, lease: Lease, result: Task['result']): Task {
  return { ...endTenure(task, lease), state: 'done', result, error: null };
}

/** Its branch waits for somebody else to merge it: nobody holds it, and nobody can take it. */
export function sendToReview(task: Task, lease: Lease, result: Task['result'], review: Task['review']): Task {
  return { ...endTenure(task, lease), state: 'review', result, review, error: null };
}

export function cancelled(task: Task, lease: Lease, error: TaskError | null): Task {
  return { ...endTenure(task, lease), state: 'cancelled', error, assignee: null, reserved: null };
}

const backoffBaseMs = 10_000;
const backoffMaxMs = 3_600_000;

/** Exponential in the attempts made, with jitter between half and the whole. `random`: 0 <= x < 1. */
export function backoffMsAfter(attempts: number, random: number): number {
  const whole = Math.min(backoffMaxMs, backoffBaseMs * 2 ** Math.min(30, Math.max(0, attempts - 1)));
  return Math.round(whole * (0.5 + random / 2));
}
