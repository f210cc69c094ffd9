import { dependentsFirst } from '../domain/needs.ts';
import type { Who } from '../domain/seen.ts';
import { CoordError } from '../errors.ts';
import { readBook } from './book-view.ts';
import { cancelTask } from './change-task.ts';
import type { Context } from './context.ts';
import { isOver, workflowIn } from './wait-for.ts';

/**
 * Cancels what is unfinished of a workflow, what others need last, so that nothing becomes ready meanwhile.
 * @throws CoordError `not-found`, `unavailable`, `unknown`
 */
export async function cancelWorkflow(
  context: Context,
  who: Who,
  id: string,
  command: string,
): Promise<{ cancelled: string[] }> {
  const { tasks } = workflowIn(await readBook(context, who), id);
  const cancelled: string[] = [];
  for (const task of dependentsFirst(tasks).filter((one) => !isOver(one)))
    if (await unlessDone(cancelTask(context, who, task.id, null, command))) cancelled.push(task.id);
  return { cancelled };
}

/** It may have been finished meanwhile. */
async function unlessDone(cancelling: Promise<unknown>): Promise<boolean> {
  try {
    await cancelling;
    return true;
  } catch (error) {
    if (error instanceof CoordError && error.code === 'not-ready') return false;
    throw error;
  }
}
