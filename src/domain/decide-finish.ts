import { heldBy, heldByTask } from './decide-claim.ts';
import { restoredTerms } from './decide-restore.ts';
import { type Decision, type Refusal, refused, type Stamp } from './decision.ts';
import type { Seen, Who } from './seen.ts';
import type { Json, Task } from './task.ts';
import { backoffMsAfter, complete, endAttempt, giveBack, isMine, type Mine, sendToReview, wasMine } from './tenure.ts';

/**
 * What a holder does with its tenure: release, complete, land, send to review, fail (protocol 4), or only go on (renew,
 * progress). Landing is completing with `landed`: the push moves the branch as well.
 *
 * task                            ledger                answer
 * claimed, mine (lapsed or not)   tenure                write
 * claimed by another              tenure or ended       lost
 * claimed by another              nothing               held
 * not claimed                     ended by this same op unchanged (a repeat)
 * in review                       any                   done: write, by anybody
 * open, the same term             tenure                pruned: done and going on reclaim; release and fail are lost
 * any other                       tenure or ended       lost
 * not claimed                     ended otherwise       lost: by its own hand, or by another agent of this clone
 * not claimed                     nothing               not-claimed; of what is over: wrong-state
 */
export type FinishOp = 'release' | 'done' | 'fail' | 'review';

export interface FinishRequest extends Who {
  readonly op: FinishOp | 'go-on';
  readonly mine: Mine | null;
  /** This requester's last tenure of the task that it ended itself, and how; `lost`: that another agent of its clone took over. */
  readonly ended: (Mine & { readonly op: FinishOp | 'lost' }) | null;
  readonly result: Json;
  /** For `done`: where the work went in the same push. */
  readonly landed?: Task['landed'];
  /** For `review`. */
  readonly review?: Task['review'];
  readonly error: { readonly code: string; readonly message: string };
  /** 0 <= x < 1, for the backoff's jitter. */
  readonly random: number;
}

export function decideFinish(seen: Seen, request: FinishRequest, _stamp: Stamp): Decision {
  if (seen.task.kind === 'absent') return refused({ reason: 'not-found' });
  if (seen.wentBack) return refused({ reason: 'went-back' });
  if (seen.task.kind === 'bad') return refused({ reason: 'bad-note', why: seen.task.why });
  const task = seen.task.note.task;
  if (task.state === 'claimed') {
    if (isMine(task.holder, request.mine, request)) return write(task, seen, request);
    const was = wasMine(request.mine, request) || wasMine(request.ended, request);
    return was
      ? refused({ reason: 'lost', how: 'taken-over', agent: task.holder?.agent ?? null })
      : heldByTask(task, seen.lease);
  }
  const unclaimed = decideUnclaimed(task, request);
  const nobodys = unclaimed.kind === 'refused' && unclaimed.refusal.reason !== 'lost';
  // A claim that the task doesn't know, as plain git makes one, is held all the same.
  return nobodys && seen.lease.kind !== 'free' ? heldBy(seen.lease) : unclaimed;
}

function decideUnclaimed(task: Task, request: FinishRequest): Decision {
  const { ended, mine, op } = request;
  // a review is nobody's: a person who merged it otherwise says that it is done
  if (task.state === 'review' && op === 'done')
    return {
      kind: 'write',
      op: 'done',
      task: { ...task, state: 'done', result: request.result ?? task.result },
      lease: 'keep',
    };
  if (wasMine(ended, request) && ended.op === op && ended.term === task.term) return { kind: 'unchanged' };
  if (!wasMine(mine, request)) {
    if (!wasMine(ended, request)) return refused(nobodysRefusal(task));
    return refused({ reason: 'lost', how: ended.op === 'lost' ? 'taken-over' : 'ended', agent: null });
  }
  if (task.state === 'cancelled') return refused({ reason: 'lost', how: 'cancelled', agent: null });
  if (task.state !== 'open')
    return refused({ reason: 'lost', how: task.state === 'failed' ? 'expired' : 'finished', agent: null });
  if (task.term !== mine.term) {
    const how = task.term >= mine.term + restoredTerms ? 'restored' : 'taken-over';
    return refused({ reason: 'lost', how, agent: null });
  }
  return op === 'done' || op === 'review' || op === 'go-on'
    ? { kind: 'reclaim' }
    : refused({ reason: 'lost', how: 'expired', agent: null });
}

/** What is over can't be claimed first, as what is open can. */
function nobodysRefusal({ state, error }: Task): Refusal {
  if (state === 'open' || state === 'review') return { reason: 'not-claimed' };
  return { reason: 'wrong-state', state, error: error?.message ?? null };
}

function write(task: Task, { lease }: Seen, request: FinishRequest): Decision {
  switch (request.op) {
    case 'go-on':
      return { kind: 'unchanged' };
    case 'release':
      return { kind: 'write', op: 'release', task: giveBack(task, lease), lease: 'free' };
    case 'done': {
      const done = { ...complete(task, lease, request.result), landed: request.landed ?? null };
      return { kind: 'write', op: 'done', task: done, lease: 'free' };
    }
    case 'review':
      return {
        kind: 'write',
        op: 'review',
        task: sendToReview(task, lease, request.result, request.review ?? null),
        lease: 'free',
      };
    case 'fail': {
      const backoffMs = backoffMsAfter(task.attempts, request.random);
      return { kind: 'write', op: 'fail', task: endAttempt(task, lease, request.error, backoffMs), lease: 'free' };
    }
  }
}
