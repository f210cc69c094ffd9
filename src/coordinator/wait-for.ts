import type { Who } from '../domain/seen.ts';
import type { TaskState } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';
import { type WorkflowView, workflowView } from '../domain/workflow-view.ts';
import { CoordError } from '../errors.ts';
import { type BookView, readBook } from './book-view.ts';
import type { Context } from './context.ts';
import { findArchived } from './find-archived.ts';
import { refusalError } from './refusal-error.ts';
import { settleNeeds } from './settle-needs.ts';
import { showTask } from './show-task.ts';

export interface WaitRequest<Shown = readonly TaskView[]> {
  /** One of them is enough. */
  readonly any?: boolean | undefined;
  /** Milliseconds; for ever when absent. */
  readonly timeoutMs?: number | undefined;
  /** Called with what each look shows. */
  readonly onLook?: ((shown: Shown) => void) | undefined;
}

export interface Waited {
  /** In the order in which they were named. */
  readonly tasks: readonly TaskView[];
  /** False: time ran out. */
  readonly isOver: boolean;
}

const endStates: ReadonlySet<TaskState> = new Set(['done', 'failed', 'cancelled']);

/** Nothing comes of it any more, unless somebody opens it again. */
export const isOver = ({ state }: Pick<TaskView, 'state'>): boolean => endStates.has(state);

/**
 * Waits until all of these tasks are over, or one of them.
 * @throws CoordError `not-found`, `not-ready` (a note that can't be read), `unavailable`
 */
export async function waitForTasks(
  context: Context,
  who: Who,
  ids: readonly string[],
  request: WaitRequest,
  pollIntervalMs: number,
): Promise<Waited> {
  const archived = new Map<string, TaskView>();
  for (const id of (await findArchived(context, ids)).keys()) archived.set(id, await showTask(context, who, id));
  const lookAt = (book: BookView) => {
    const shown = ids.map((id) => (book.seen.has(id) ? taskIn(book, id) : (archived.get(id) ?? taskIn(book, id))));
    return { shown, isOver: request.any ? shown.some(isOver) : shown.every(isOver) };
  };
  const { shown, isOver: over } = await watchBook(context, who, lookAt, request, pollIntervalMs);
  return { tasks: shown, isOver: over };
}

/** Waits until nothing of a workflow goes on by itself any more. @throws CoordError `not-found`, `unavailable` */
export async function waitForWorkflow(
  context: Context,
  who: Who,
  id: string,
  request: WaitRequest<WorkflowView>,
  pollIntervalMs: number,
): Promise<{ readonly workflow: WorkflowView; readonly isOver: boolean }> {
  const lookAt = (book: BookView) => {
    const shown = workflowIn(book, id);
    return { shown, isOver: shown.state !== 'running' };
  };
  const { shown, isOver: over } = await watchBook(context, who, lookAt, request, pollIntervalMs);
  return { workflow: shown, isOver: over };
}

/** @throws CoordError `not-found` */
export function workflowIn({ tasks }: Pick<BookView, 'tasks'>, id: string): WorkflowView {
  const own = tasks.filter(({ workflow }) => workflow === id);
  if (own.length > 0) return workflowView(id, own, tasks);
  throw new CoordError('not-found', `there is no workflow ${id}`, { next: ['git coord workflow list'] });
}

function taskIn(book: BookView, id: string): TaskView {
  const view = book.tasks.find((task) => task.id === id);
  if (view !== undefined) return view;
  const seen = book.seen.get(id)?.task;
  throw refusalError(id, seen?.kind === 'bad' ? { reason: 'bad-note', why: seen.why } : { reason: 'not-found' });
}

/** Looks until it is over or time has run out, and settles meanwhile what needs nobody's work. */
async function watchBook<Shown>(
  context: Context,
  who: Who,
  lookAt: (book: BookView) => { readonly shown: Shown; readonly isOver: boolean },
  { timeoutMs = Number.POSITIVE_INFINITY, onLook }: WaitRequest<Shown>,
  pollIntervalMs: number,
) {
  const untilMs = context.clock.monoMs() + timeoutMs;
  for (;;) {
    const book = await readBook(context, who);
    const look = lookAt(book);
    onLook?.(look.shown);
    if (look.isOver) return look;
    const { skipped, joined } = await settleNeeds(context, who, book);
    if (skipped.length + joined.length > 0) continue;
    const leftMs = untilMs - context.clock.monoMs();
    if (leftMs <= 0) return look;
    await context.clock.sleep(Math.min(leftMs, pollIntervalMs * (0.75 + context.random() / 2)));
  }
}
