import { type Decision, refused } from './decision.ts';
import { ownClaim, type Seen, type Who } from './seen.ts';
import { endAttempt, giveBack, isMine, type Mine } from './tenure.ts';

/**
 * Ending somebody's tenure because its holder is gone (protocol 4 "expire", 8).
 *
 * task      lease                         stood still   answer
 * claimed   of its tenure, free, orphan   yes           expired: open or failed, the lease freed
 * other     unknown to the task           yes           repair: the claim ref is freed with a commit on the task
 * absent    held                          yes           left: whoever claims it takes it over
 * any       any                           no            unchanged
 */
export function decideExpire(seen: Seen, stoodStill: boolean): Decision {
  if (seen.wentBack) return refused({ reason: 'went-back' });
  if (seen.task.kind === 'absent') return refused({ reason: 'not-found' });
  if (seen.task.kind === 'bad') return refused({ reason: 'bad-note', why: seen.task.why });
  if (!stoodStill) return { kind: 'unchanged' };
  const task = seen.task.note.task;
  if (task.holder) {
    const error = { code: 'expired', message: `the lease of ${task.holder.agent} expired` };
    return { kind: 'write', op: 'expire', task: endAttempt(task, seen.lease, error, 0), lease: 'free' };
  }
  return seen.lease.kind === 'free' ? { kind: 'unchanged' } : { kind: 'write', op: 'repair', task, lease: 'free' };
}

export type EndReason = 'owner-gone' | 'timeout';

/** The holder's own machine ends a tenure: its owner process is gone, or the attempt's deadline passed (protocol 9). */
export function decideEnd(seen: Seen, who: Who, mine: Mine | null, reason: EndReason): Decision {
  if (seen.task.kind !== 'task' || seen.wentBack) return { kind: 'unchanged' };
  const task = seen.task.note.task;
  if (!isMine(task.holder, mine, who)) return { kind: 'unchanged' };
  if (reason === 'timeout') {
    const error = { code: 'timeout', message: `no result within ${Math.round(task.timeoutMs / 1000)} s` };
    return { kind: 'write', op: 'fail', task: endAttempt(task, seen.lease, error, 0), lease: 'free' };
  }
  if (task.type === 'lock') return { kind: 'write', op: 'release', task: giveBack(task, seen.lease), lease: 'free' };
  const error = { code: 'owner-gone', message: `the process that owned the claim of ${who.agent} ended` };
  return { kind: 'write', op: 'expire', task: endAttempt(task, seen.lease, error, 0), lease: 'free' };
}

/** What the holder's machine does when its lease isn't there (protocol 8, first row); decided in `repairLease`. */
export const leaseIsGone = (seen: Seen, who: Who, mine: Mine | null): boolean =>
  seen.task.kind === 'task' &&
  isMine(seen.task.note.task.holder, mine, who) &&
  ownClaim(seen.task.note.task, seen.lease) === null;
