import type { Who } from '../domain/seen.ts';
import type { TaskState } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';
import { readBook } from './book-view.ts';
import type { Context } from './context.ts';
import { refusalError } from './refusal-error.ts';
import { skipUnreachable } from './skip-unreachable.ts';

export interface WaitRequest {
  /** One of them is enough. */
  readonly any?: boolean | undefined;
  /** Milliseconds; for ever when absent. */
  readonly timeoutMs?: number | undefined;
  /** Called with what each look shows. */
  readonly onLook?: ((tasks: readonly TaskView[]) => void) | undefined;
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
 * Waits until all of these tasks are over, or one of them, and skips what is to be skipped meanwhile.
 * @throws CoordError `not-found`, `not-ready` (a note that can't be read), `unavailable`
 */
export async function waitForTasks(
  context: Context,
  who: Who,
  ids: readonly string[],
  { any = false, timeoutMs, onLook }: WaitRequest,
  pollIntervalMs: number,
): Promise<Waited> {
  const untilMs = context.clock.monoMs() + (timeoutMs ?? Number.POSITIVE_INFINITY);
  for (;;) {
    const book = await readBook(context, who);
    const tasks = ids.map((id) => {
      const view = book.tasks.find((task) => task.id === id);
      const seen = book.seen.get(id)?.task;
      if (view === undefined)
        throw refusalError(id, seen?.kind === 'bad' ? { reason: 'bad-note', why: seen.why } : { reason: 'not-found' });
      return view;
    });
    onLook?.(tasks);
    if (any ? tasks.some(isOver) : tasks.every(isOver)) return { tasks, isOver: true };
    if ((await skipUnreachable(context, who, book)).length > 0) continue;
    const leftMs = untilMs - context.clock.monoMs();
    if (leftMs <= 0) return { tasks, isOver: false };
    await context.clock.sleep(Math.min(leftMs, pollIntervalMs * (0.75 + context.random() / 2)));
  }
}
