import type { Lease } from './claim.ts';
import { type Decision, refused, type Stamp } from './decision.ts';
import { newTask } from './new-task.ts';
import { ownClaim, type Seen, type Who } from './seen.ts';
import type { Task } from './task.ts';
import { type Begin, beginTenure, endAttempt, isMine, type Mine } from './tenure.ts';

/**
 * Claiming (protocol 4, "claim" and "take over").
 *
 * state of the task    lease                       answer
 * absent               free                        created, or not-found without `create`
 * absent               held, stood still           created over it
 * open                 free                        claimed
 * open                 unknown to the task         held, until it stood still
 * claimed, mine        ours                        unchanged (already-mine)
 * claimed, mine        absent or not ours          repair: the lease is put back, the tenure stays
 * a lock of mine whose owner process has ended     taken over: of those of a session who come for it, one gets it
 * claimed, not mine    any                         held; taken over when it stood still, or by force
 * claimed, no tries    stood still                 expired first: it is the dead letter now
 * other states         any                         wrong-state
 *
 * One who lacks a skill that the task requires gets it neither so nor by force.
 */
export interface ClaimRequest extends Begin {
  readonly mine: Mine | null;
  /** The value of `expiryBasis` has stood still for long enough, as this clone saw it. */
  readonly stoodStill: boolean;
  /** The process that this clone's tenure lived with has ended. */
  readonly ownerIsGone: boolean;
  readonly force: boolean;
  readonly create: boolean;
  /** The type of a task that is created by the claim: `external`, or `lock`. */
  readonly createType: 'external' | 'lock';
  /** Needs that aren't done. */
  readonly blockedBy: readonly string[];
  /** Everything, or a label of this task, is paused. */
  readonly queuePaused: boolean;
  /** The task's reservation counts still: this clone hasn't seen its tip for longer than the reservation's ttl. */
  readonly reservationCounts: boolean;
  /** Skills that the task requires and this agent hasn't. */
  readonly lacks: readonly string[];
}

export function decideClaim(seen: Seen, request: ClaimRequest, stamp: Stamp): Decision {
  if (seen.wentBack) return refused({ reason: 'went-back' });
  if (seen.task.kind === 'bad') return refused({ reason: 'bad-note', why: seen.task.why });
  if (seen.task.kind === 'absent') return decideCreate(seen, request, stamp);
  const task = seen.task.note.task;
  if (task.state === 'claimed') return decideClaimed(task, seen.lease, request, stamp);
  if (task.state !== 'open')
    return refused({ reason: 'wrong-state', state: task.state, error: task.error?.message ?? null });
  if (task.paused || request.queuePaused) return refused({ reason: 'paused' });
  if (request.blockedBy.length > 0) return refused({ reason: 'blocked', by: request.blockedBy });
  if (task.reserved && request.reservationCounts && task.reserved.agent !== request.agent) {
    return refused({ reason: 'reserved', agent: task.reserved.agent });
  }
  if (request.lacks.length > 0) return lackingFor(request);
  return begin(task, task.attempts + 1, seen.lease, request, stamp, 'free');
}

function decideCreate(seen: Seen, request: ClaimRequest, stamp: Stamp): Decision {
  if (!request.create) return refused({ reason: 'not-found' });
  const task = newTask({ id: seen.id, title: seen.id, type: request.createType }, stamp);
  return begin(task, 1, seen.lease, request, stamp, 'created');
}

/** A tenure on a task that nobody holds. A claim ref that the task doesn't know is somebody's all the same (plain git's). */
function begin(
  task: Task,
  attempts: number,
  lease: Lease,
  request: ClaimRequest,
  stamp: Stamp,
  via: 'free' | 'created',
): Decision {
  if (lease.kind !== 'free' && !request.stoodStill && !request.force) return heldBy(lease);
  const begun = beginTenure(task, attempts, request, stamp);
  return {
    kind: 'write',
    op: 'claim',
    task: begun.task,
    lease: begun.claim,
    via: lease.kind === 'free' ? via : request.stoodStill ? 'takeover' : 'force',
  };
}

function decideClaimed(task: Task, lease: Lease, request: ClaimRequest, stamp: Stamp): Decision {
  const holder = task.holder;
  const mine = isMine(holder, request.mine, request);
  const leftBehind = mine && task.type === 'lock' && request.ownerIsGone;
  if (mine && !leftBehind) {
    return ownClaim(task, lease) ? { kind: 'unchanged', via: 'already-mine' } : putBack(task, request, stamp);
  }
  if (request.lacks.length > 0 && (request.force || request.stoodStill)) return lackingFor(request);
  if (request.force) {
    if (task.paused || request.queuePaused) return refused({ reason: 'paused' });
    if (request.blockedBy.length > 0) return refused({ reason: 'blocked', by: request.blockedBy });
    const begun = beginTenure(task, task.attempts, request, stamp);
    return {
      kind: 'write',
      op: 'take-over',
      task: withProgress(begun.task, task, lease),
      lease: begun.claim,
      via: 'force',
    };
  }
  if (!request.stoodStill && !leftBehind) return heldByTask(task, lease);
  const error = { code: 'expired', message: `the lease of ${holder?.agent ?? 'unknown'} expired` };
  if (
    task.paused ||
    request.queuePaused ||
    request.blockedBy.length > 0 ||
    endAttempt(task, lease, error, 0).state === 'failed'
  ) {
    return { kind: 'write', op: 'expire', task: endAttempt(task, lease, error, 0), lease: 'free', again: true };
  }
  const begun = beginTenure(task, task.attempts + 1, request, stamp);
  return {
    kind: 'write',
    op: 'take-over',
    task: withProgress(begun.task, task, lease),
    lease: begun.claim,
    via: 'takeover',
  };
}

const lackingFor = ({ agent, lacks }: ClaimRequest): Decision => refused({ reason: 'lacking', agent, skills: lacks });

const withProgress = (next: Task, last: Task, lease: Lease): Task => ({
  ...next,
  progress: ownClaim(last, lease)?.progress ?? last.progress,
});

/** The holder's own repair (protocol 8, first row): the lease with a new cycle, the tenure as it was. */
function putBack(task: Task, request: ClaimRequest, stamp: Stamp): Decision {
  return repairLease(task, request, request.cycle, stamp.at) ?? heldByTask(task, { kind: 'free', oid: null });
}

/** Puts the holder's claim ref back, with a new cycle and the tenure that stands in the task; null when nobody holds it. */
export function repairLease(task: Task, who: Who, cycle: string, at: string): Decision | null {
  if (!task.holder) return null;
  const { tenure, ttlMs } = task.holder;
  return {
    kind: 'write',
    op: 'repair',
    task,
    via: 'already-mine',
    lease: {
      v: 1,
      kind: 'claim',
      state: 'held',
      task: task.id,
      term: task.term,
      agent: who.agent,
      session: who.session,
      tenure,
      cycle,
      ttlMs,
      claimedAt: at,
      beat: 0,
      progress: task.progress,
    },
  };
}

export function heldByTask(task: Task, lease: Lease): Decision {
  const { agent, session } = task.holder ?? { agent: 'unknown', session: null };
  return refused({ reason: 'held', agent, session, claim: ownClaim(task, lease) });
}

export function heldBy(lease: Lease): Decision {
  if (lease.kind !== 'held') return refused({ reason: 'held', agent: 'unknown', session: null, claim: null });
  return refused({ reason: 'held', agent: lease.claim.agent, session: lease.claim.session, claim: lease.claim });
}
