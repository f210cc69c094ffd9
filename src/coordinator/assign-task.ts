import type { AgentNote } from '../domain/agent.ts';
import { decideAssign } from '../domain/decide-assign.ts';
import { reservationCounts } from '../domain/readiness.ts';
import type { Who } from '../domain/seen.ts';
import type { Task } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';
import type { BookRead } from '../store/record-store.ts';
import type { Context } from './context.ts';
import { tipAgeMs } from './read-seen.ts';
import { refusalError } from './refusal-error.ts';
import { showTask } from './show-task.ts';
import { transition } from './transition.ts';

type Reservation = NonNullable<Task['reserved']>;

export interface AssignResult {
  readonly task: TaskView;
  /** Null: reserved for nobody. */
  readonly reserved: Reservation | null;
  /** What another agent had until then, and still counted; null: nothing. */
  readonly replaced: Reservation | null;
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
  let replaced: AssignResult['replaced'] = null;
  const outcome = await transition(context, {
    id,
    who,
    command,
    more: to === null ? [] : [context.store.layout.agents(to.agent)],
    decide: ({ seen, book }) => {
      capabilities = to && capabilitiesIn(context, book, to.agent);
      const task = seen.task.kind === 'task' ? seen.task.note.task : null;
      const counts = task !== null && reservationCounts(task, tipAgeMs(context, seen));
      replaced = counts && task.reserved?.agent !== to?.agent ? task.reserved : null;
      return decideAssign(seen, { to, capabilities, reservationCounts: counts });
    },
  });
  if (outcome.kind === 'refused') throw refusalError(id, outcome.refusal);
  return { task: await showTask(context, who, id, outcome), reserved: to, replaced, capabilities };
}

function capabilitiesIn(context: Context, book: BookRead, agent: string): readonly string[] | null {
  const decoded = book.records.get(context.store.layout.agents(agent))?.decoded;
  return decoded?.ok ? (decoded.note as AgentNote).capabilities : null;
}
