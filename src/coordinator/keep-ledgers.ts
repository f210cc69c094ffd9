import type { HeldClaim } from '../domain/claim.ts';
import { marginMs } from '../domain/lease-times.ts';
import type { Seen } from '../domain/seen.ts';
import type { HeldEntry } from '../store/held-ledger.ts';
import type { EndedEntry } from '../store/json-ledger.ts';
import { type Attempt, taskOf } from './attempt.ts';
import type { Context } from './context.ts';

/** What a won attempt means for the clone's own ledgers: a tenure begun, gone on, or ended. */
export function keepLedgers(context: Context, attempt: Attempt, seen: Seen | null): void {
  const { task } = taskOf(attempt);
  const mine = context.held.get(attempt.task);
  if (attempt.claim.kind === 'hold') {
    // A claim that was settled by a read may have been beaten since; what stands there is what the next beat replaces.
    // Another tenure's claim stands there when the server died before it moved the claim ref: the next beat puts it right.
    const made = attempt.claim.record as HeldClaim;
    const beaten = seen?.lease.kind === 'held' && seen.lease.claim.tenure === made.tenure ? seen.lease : null;
    const [claim, oid] = beaten ? [beaten.claim, beaten.oid] : [made, attempt.claim.oid];
    context.held.put(begunEntry(attempt, claim, oid, task.timeoutMs, mine));
    const displaced = mine && (mine.agent !== made.agent || mine.session !== made.session) ? mine : null;
    if (displaced) noteEnded(context, displaced, 'lost');
    else context.ended.remove(attempt.task);
  } else if (mine && task.holder?.tenure === mine.tenure) {
    context.held.put({ ...mine, state: { ...mine.state, taskOid: attempt.taskTo } });
  } else if (mine && attempt.endsTenure === mine.tenure) {
    endEntry(context, attempt, mine, task.error?.code === 'timeout');
  }
}

/**
 * A tenure that its holder ended is forgotten but for the repeat. One that was pruned or cancelled is kept, lost: its
 * holder may come back, and is told, or claims the task again (protocol 6).
 */
function endEntry(context: Context, { task, op, branch }: Attempt, mine: HeldEntry, timedOut: boolean): void {
  if ((op !== 'release' && op !== 'done' && op !== 'fail' && op !== 'review') || timedOut) {
    markLost(context, mine);
    return;
  }
  context.held.remove(task);
  noteEnded(context, mine, op, branch && (branch.objects ? 'remote' : 'clone'));
}

function noteEnded(
  context: Context,
  { task, agent, session, tenure, term }: HeldEntry,
  op: EndedEntry['op'],
  landedAt?: EndedEntry['landedAt'],
): void {
  context.ended.put(task, { task, term, tenure, agent, session, op, ...(landedAt && { landedAt }) });
}

function begunEntry(
  attempt: Attempt,
  claim: HeldClaim,
  oid: string,
  timeoutMs: number,
  last: HeldEntry | null,
): HeldEntry {
  const sameTenure = last !== null && last.tenure === claim.tenure;
  return {
    task: attempt.task,
    term: claim.term,
    tenure: claim.tenure,
    agent: claim.agent,
    session: claim.session,
    ttlMs: claim.ttlMs,
    boot: attempt.boot,
    untilBootMs: attempt.sentBootMs + claim.ttlMs - marginMs(claim.ttlMs),
    state: {
      claim,
      claimOid: oid,
      claimParent: attempt.taskTo,
      taskOid: attempt.taskTo,
      sentBootMs: attempt.sentBootMs,
      timeoutMs,
      activeBootMs: sameTenure ? last.state.activeBootMs : attempt.sentBootMs,
      owner: attempt.owner ?? (sameTenure ? last.state.owner : null),
    },
  };
}

/** The tenure is over, and its holder may not know: the entry is beaten no more. */
export function markLost(context: Context, entry: HeldEntry): void {
  context.held.put({ ...entry, untilBootMs: 0, state: { ...entry.state, lost: true } });
}
