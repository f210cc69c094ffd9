import type { Who } from '../domain/seen.ts';
import { CoordError } from '../errors.ts';
import type { Attempt } from './attempt.ts';
import type { Context } from './context.ts';
import { commitAttempt, type Outcome } from './transition.ts';

/**
 * Settles what earlier commands of this session left open (protocol 5, "Pending attempts"): the very same push is sent
 * again. Gives back what the same command began, if it won now, so that a repeat continues instead of doubling.
 *
 * @throws CoordError `unknown` when the command's own attempt is still not settled, `unavailable` when a lock keeps it
 */
export async function settlePending(
  context: Context,
  who: Who,
  command: string,
): Promise<{ attempt: Attempt; outcome: Outcome } | null> {
  let continued: { attempt: Attempt; outcome: Outcome } | null = null;
  for (const attempt of context.pending.all()) {
    if (attempt.agent !== who.agent || attempt.session !== who.session) continue;
    const outcome = await settleOne(context, attempt, attempt.command === command);
    if (outcome?.kind === 'won' && attempt.command === command) continued = { attempt, outcome };
  }
  return continued;
}

async function settleOne(context: Context, attempt: Attempt, own: boolean): Promise<Outcome | null> {
  try {
    const outcome = await commitAttempt(context, attempt, { sentBefore: true });
    if (outcome.kind === 'superseded') return null;
    if (!own && outcome.kind === 'won' && attempt.claim.kind === 'hold') leaveUnsaid(context, attempt.task);
    return outcome;
  } catch (error) {
    // What is still open stays written down. It doesn't keep other commands from their own work.
    const open = error instanceof CoordError && (error.code === 'unknown' || error.code === 'unavailable');
    if (own || !open) throw error;
    return null;
  }
}

/** A claim that came true without its command: it isn't kept alive before a command of its session says that it holds it. */
function leaveUnsaid(context: Context, task: string): void {
  const entry = context.held.get(task);
  if (entry) context.held.put({ ...entry, state: { ...entry.state, unsaid: true } });
}
