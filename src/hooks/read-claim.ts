/** The same question, put to the book: whether a task is still held by whoever asks. Loads the store. */
import type { App } from '../app/open-app.ts';
import { readPair } from '../coordinator/read-seen.ts';
import { refusalError } from '../coordinator/refusal-error.ts';
import { decideFinish } from '../domain/decide-finish.ts';
import type { Seen } from '../domain/seen.ts';
import { CoordError } from '../errors.ts';
import { notClaimed, otherSession, type Verdict } from './check-claim.ts';

export interface ClaimRead {
  readonly verdict: Verdict;
  /** The task's term; null when there is no such task. */
  readonly term: number | null;
  readonly claimed: boolean;
}

/** One read of the book. That it can't be read is a verdict too: `unclear`. */
export async function readClaim(app: App, task: string): Promise<ClaimRead> {
  try {
    const { seen } = await readPair(app.context, task);
    app.context.observed.save();
    const record = seen.task.kind === 'task' ? seen.task.note.task : null;
    const claimed = record?.state === 'claimed';
    return { verdict: judge(app, task, seen), term: record?.term ?? null, claimed };
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    return { verdict: { kind: 'unclear', error }, term: null, claimed: false };
  }
}

function judge({ context, who }: App, task: string, seen: Seen): Verdict {
  const mine = context.held.get(task);
  const ended = context.ended.get(task);
  const nothing = { code: '', message: '' };
  const request = { ...who, op: 'go-on', mine, ended, result: null, error: nothing, random: 0 } as const;
  const decision = decideFinish(seen, request, { by: who.agent, at: '', nonce: '' });
  if (decision.kind === 'unchanged' && mine !== null) return { kind: 'held', term: mine.term };
  if (decision.kind === 'reclaim')
    return { kind: 'refused', error: refusalError(task, { reason: 'lost', how: 'expired', agent: null }) };
  if (decision.kind !== 'refused') return { kind: 'refused', error: notClaimed(task) };
  const { refusal } = decision;
  const nobodys: readonly string[] = ['not-claimed', 'not-found', 'wrong-state'] satisfies (typeof refusal.reason)[];
  if (nobodys.includes(refusal.reason)) return { kind: 'refused', error: notClaimed(task) };
  const error = refusalError(task, refusal);
  const own = refusal.reason === 'held' && refusal.agent === who.agent;
  return { kind: 'refused', error: own ? otherSession(error, task, who.agent) : error };
}
