import {
  addedNeeds,
  decideAdd,
  decideCancel,
  decideEdit,
  decideNeeds,
  decideNote,
  decideRetry,
  type NeedsChange,
  type TaskChange,
} from '../domain/decide-edit.ts';
import { type Decision, refused, type Stamp } from '../domain/decision.ts';
import { generateTaskId } from '../domain/ids.ts';
import { circleThrough, type NeedsOf } from '../domain/needs.ts';
import type { TaskInput } from '../domain/new-task.ts';
import type { Seen, Who } from '../domain/seen.ts';
import type { TaskView } from '../domain/view.ts';
import type { BookRead } from '../store/record-store.ts';
import type { Context } from './context.ts';
import { seenOf } from './read-seen.ts';
import { refusalError } from './refusal-error.ts';
import { showTask } from './show-task.ts';
import { type Outcome, transition } from './transition.ts';

/** Changes of what a task says, by anybody (protocol 4: add, edit, cancel, retry). All throw `unavailable`, `unknown`. */

const idTriesMax = 5;

/** Without an id one is made; a collision, which is another's task, leads to another id. @throws CoordError `exists` */
export async function addTask(
  context: Context,
  who: Who,
  input: Omit<TaskInput, 'id'> & { id?: string | undefined },
  command: string,
): Promise<{ task: TaskView; created: boolean }> {
  for (let tries = 1; ; tries++) {
    const id = input.id ?? generateTaskId(() => context.random());
    const decide: Change['decide'] = (seen, stamp) => decideAdd(seen, { ...input, id }, stamp);
    const outcome = await change(context, who, id, { command, decide, addsNeeds: isSome(input.needs) });
    if (outcome.kind === 'refused') {
      if (input.id === undefined && outcome.refusal.reason === 'exists' && tries < idTriesMax) continue;
      throw refusalError(id, outcome.refusal);
    }
    return { task: await showTask(context, who, id, outcome), created: outcome.kind === 'won' };
  }
}

/** @throws CoordError `not-found`, `not-ready`, `usage` (needs that form a circle) */
export const editTask = (context: Context, who: Who, id: string, to: TaskChange, command: string): Promise<TaskView> =>
  changed(context, who, id, { command, decide: (seen) => decideEdit(seen, to), addsNeeds: isSome(to.needs) });

/** @throws CoordError as `editTask` */
export const changeNeeds = (context: Context, who: Who, id: string, to: NeedsChange, command: string) =>
  changed(context, who, id, { command, decide: (seen) => decideNeeds(seen, to), addsNeeds: isSome(to.add) });

/** @throws CoordError `not-found` */
export const noteOnTask = (context: Context, who: Who, id: string, text: string, command: string): Promise<TaskView> =>
  changed(context, who, id, { command, decide: (seen, stamp) => decideNote(seen, text, stamp) });

/** @throws CoordError `not-found`, `not-ready` (done) */
export async function cancelTask(
  context: Context,
  who: Who,
  id: string,
  reason: string | null,
  command: string,
): Promise<TaskView> {
  const view = await changed(context, who, id, { command, decide: (seen) => decideCancel(seen, reason) });
  await context.mirror.hide(id);
  return view;
}

/** @throws CoordError `not-found`, `not-ready` (claimed, done) */
export const retryTask = (context: Context, who: Who, id: string, command: string): Promise<TaskView> =>
  changed(context, who, id, { command, decide: (seen) => decideRetry(seen) });

const isSome = (needs: readonly string[] | undefined): boolean => needs !== undefined && needs.length > 0;

interface Change {
  readonly command: string;
  readonly decide: (seen: Seen, stamp: Stamp) => Decision;
  /** Decided on a read of all tasks, so that needs which lead back to the task are refused. */
  readonly addsNeeds?: boolean;
}

function change(context: Context, who: Who, id: string, { command, decide, addsNeeds }: Change): Promise<Outcome> {
  return transition(context, {
    id,
    who,
    command,
    more: addsNeeds ? [context.store.layout.all('board')] : undefined,
    decide: ({ seen, book }, stamp) => {
      const decision = decide(seen, stamp);
      const way = circleThrough(id, addedNeeds(seen, decision), needsIn(context, book));
      return way === null ? decision : refused({ reason: 'circle', way });
    },
  });
}

function needsIn(context: Context, book: BookRead): NeedsOf {
  return (id) => {
    const { task } = seenOf(context, book, id);
    return task.kind === 'task' ? task.note.task.needs : undefined;
  };
}

async function changed(context: Context, who: Who, id: string, request: Change): Promise<TaskView> {
  const outcome = await change(context, who, id, request);
  if (outcome.kind === 'refused') throw refusalError(id, outcome.refusal);
  return showTask(context, who, id, outcome);
}
