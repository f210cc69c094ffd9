import type { HeldClaim } from '../domain/claim.ts';
import type { Seen, Who } from '../domain/seen.ts';
import type { TaskNote } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';
import { queueOf, viewOf } from './book-view.ts';
import type { Context } from './context.ts';
import { findArchived } from './find-archived.ts';
import { readPair } from './read-seen.ts';
import { refusalError } from './refusal-error.ts';
import { statesOfNeeds } from './states-of-needs.ts';
import type { Outcome } from './transition.ts';

/**
 * One task as it is now; after a write, as it was written, without asking again.
 * @throws CoordError `not-found`, `not-ready` (its note can't be read), `unavailable`
 */
export async function showTask(context: Context, who: Who, id: string, outcome?: Outcome): Promise<TaskView> {
  if (outcome?.kind === 'won') {
    const view = viewOf(context, who, asWritten(context, id, outcome), () => undefined, null)?.view;
    if (view) return outcome.task.needs.length === 0 ? view : { ...view, blockedBy: [] };
  }
  const { layout } = context.store;
  const { seen, book } =
    outcome && 'seen' in outcome ? { seen: outcome.seen, book: null } : await readPair(context, id, [layout.queue]);
  context.observed.save();
  if (seen.task.kind === 'absent') return archivedTask(context, who, id);
  if (seen.task.kind === 'bad') throw refusalError(id, { reason: 'bad-note', why: seen.task.why });
  const { needs } = seen.task.note.task;
  const stateOf = await statesOfNeeds(context, needs);
  const view = viewOf(context, who, seen, stateOf, book ? queueOf(context, book) : null)?.view;
  if (view === undefined) throw refusalError(id, { reason: 'not-found' });
  return view;
}

/** @throws CoordError `not-found` */
async function archivedTask(context: Context, who: Who, id: string): Promise<TaskView> {
  const task = (await findArchived(context, [id])).get(id);
  const seen = task && { id, task, lease: { kind: 'free', oid: null } as const, wentBack: false };
  const view = seen && viewOf(context, who, seen, () => undefined, null)?.view;
  if (!view) throw refusalError(id, { reason: 'not-found' });
  return { ...view, blockedBy: [], archived: true };
}

function asWritten(context: Context, id: string, outcome: Extract<Outcome, { kind: 'won' }>): Seen {
  const held = context.held.get(id);
  const mine = held !== null && outcome.task.holder?.tenure === held.tenure;
  const note: TaskNote = { v: 1, kind: 'task', op: 'edit', by: '', at: outcome.at, nonce: '', task: outcome.task };
  return {
    id,
    task: { kind: 'task', oid: outcome.tip, note },
    lease: mine
      ? { kind: 'held', oid: held.state.claimOid, claim: held.state.claim as HeldClaim }
      : { kind: 'free', oid: null },
    wentBack: false,
  };
}
