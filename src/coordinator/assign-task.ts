import type { AgentNote } from '../domain/agent.ts';
import { decideAssign } from '../domain/decide-assign.ts';
import { reservationCounts } from '../domain/readiness.ts';
import type { Who } from '../domain/seen.ts';
import type { TaskView } from '../domain/view.ts';
import type { BookRead } from '../store/record-store.ts';
import type { Context } from './context.ts';
import { tipAgeMs } from './read-seen.ts';
import { refusalError } from './refusal-error.ts';
import { showTask } from './show-task.ts';
import { transition } from './transition.ts';

export interface AssignResult {
  readonly task: TaskView;
  /** Null: reserved for nobody. */
  readonly reserved: { readonly agent: string; readonly ttlMs: number } | null;
  /** Null: the agent has claimed nothing yet, or there is none of that name. */
  readonly capabilities: readonly string[] | null;
}

/**
 * Reserves a task for an agent: nobody else can claim it, until the time has passed in the eyes of whoever looks. Null: for nobody.
 * @throws CoordError `not-found`, `not-ready` (a skill is missing, it is over), `unavailable`, `unknown`
 */
export async function assignTask(
  context: Context,
  who: Who,
  id: string,
  to: AssignResult['reserved'],
  command: string,
): Promise<AssignResult> {
  let capabilities: readonly string[] | null = null;
  const outcome = await transition(context, {
    id,
    who,
    command,
    more: to === null ? [] : [context.store.layout.agents(to.agent)],
    decide: ({ seen, book }) => {
      capabilities = to && capabilitiesIn(context, book, to.agent);
      const counts = seen.task.kind === 'task' && reservationCounts(seen.task.note.task, tipAgeMs(context, seen));
      return decideAssign(seen, { to, capabilities, reservationCounts: counts });
    },
  });
  if (outcome.kind === 'refused') throw refusalError(id, outcome.refusal);
  return { task: await showTask(context, who, id, outcome), reserved: to, capabilities };
}

function capabilitiesIn(context: Context, book: BookRead, agent: string): readonly string[] | null {
  const decoded = book.records.get(context.store.layout.agents(agent))?.decoded;
  return decoded?.ok ? (decoded.note as AgentNote).capabilities : null;
}
