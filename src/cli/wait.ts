import { isOver } from '../coordinator/wait-for.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import type { Context } from './frame/context.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { stateText } from './task-text.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book }) => {
    const any = parsed.flag('any');
    const timeoutMs = parsed.number('timeout');
    const waited = await book.waitFor(parsed.positionals, { any, timeoutMs, onLook: telling(context) });
    const { tasks } = waited;
    const text = tasks.map((task) => `${task.id}: ${task.state}\n`).join('');
    const failure = waited.isOver ? badEnd(tasks, any) : tooLate(tasks);
    return { data: { tasks }, text, ...(failure && { failure }) };
  });

/** Tells what each task has come to while it is waited for. */
function telling(context: Context): (tasks: readonly TaskView[]) => void {
  const told = new Map<string, string>();
  return (tasks) => {
    for (const task of tasks) {
      const state = isOver(task) ? task.state : stateText(task);
      if (told.get(task.id) !== state && !isOver(task)) context.notice(`${task.id}: ${oneLine(state)}`);
      told.set(task.id, state);
    }
  };
}

/** Whoever waits for something goes on with its result: that there is none is a failure. */
function badEnd(tasks: readonly TaskView[], any: boolean): CoordError | null {
  const over = tasks.filter(isOver);
  const bad = over.filter(({ state }) => state !== 'done');
  if (bad.length === 0 || (any && bad.length < over.length)) return null;
  const words = bad.map(({ id, state, error }) => `${id} is ${state}${error ? `: ${oneLine(error.message)}` : ''}`);
  return new CoordError('not-ready', words.slice(0, 5).join('; '), {
    next: bad.slice(0, 3).map(wayOut),
  });
}

function wayOut({ id, error, archived }: TaskView): string {
  if (archived) return `git coord show ${id}`;
  return error?.code === 'need-failed' ? `git coord dep tree ${id}` : `git coord retry ${id}`;
}

function tooLate(tasks: readonly TaskView[]): CoordError {
  const left = tasks.filter((task) => !isOver(task));
  const words = left.map((task) => `${task.id} (${stateText(task)})`);
  return new CoordError('not-ready', `not over in time: ${oneLine(words.slice(0, 5).join(', '))}`, {
    next: left.slice(0, 3).map(({ id }) => `git coord show ${id}`),
  });
}
