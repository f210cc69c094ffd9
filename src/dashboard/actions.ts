import type { Book } from '../coordinator/book.ts';
import { parseId } from '../domain/ids.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';

/** What can be done from the page, by whoever has the token: the same as the command line does, in the name of its agent. */
export const actionNames = ['release', 'retry', 'cancel', 'priority'] as const;
type ActionName = (typeof actionNames)[number];

export interface Action {
  readonly name: ActionName;
  readonly task: string;
  /** Of `priority`. */
  readonly priority: number | null;
}

/** @throws CoordError `usage`, `bad-id` */
export function parseAction(body: unknown): Action {
  const {
    action,
    task,
    priority = null,
  } = (typeof body === 'object' && body !== null ? body : {}) as {
    [key: string]: unknown;
  };
  const name = actionNames.find((one) => one === action);
  if (name === undefined) throw new CoordError('usage', `an action is one of ${actionNames.join(', ')}`);
  if (typeof task !== 'string') throw new CoordError('usage', 'the id of a task is needed');
  if (priority !== null && !Number.isSafeInteger(priority))
    throw new CoordError('usage', 'a priority is a whole number');
  if ((name === 'priority') !== (priority !== null))
    throw new CoordError('usage', 'a priority goes with the action priority, and with no other');
  return { name, task: parseId(task), priority: priority as number | null };
}

/** @throws CoordError as the command of the same name */
export async function act(book: Book, { name, task, priority }: Action): Promise<TaskView> {
  switch (name) {
    case 'release':
      return release(book, task);
    case 'retry':
      return book.retry(task);
    case 'cancel':
      return book.cancel(task, 'cancelled on the dashboard');
    case 'priority':
      return book.edit(task, { priority: priority ?? 0 }, `git coord edit ${task} --priority ${priority}`);
  }
}

/** Another's claim is taken from its holder first, who then finds that it has lost it; nobody holds it for longer than that. */
async function release(book: Book, task: string): Promise<TaskView> {
  const { claim } = await book.show(task);
  if (claim === null) throw new CoordError('not-ready', `nobody holds ${task}`);
  if (!claim.mine) await book.claim(task, { force: true, create: false }, `git coord claim ${task} --force`);
  return book.release(task);
}
