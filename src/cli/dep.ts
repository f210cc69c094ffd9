import type { Book } from '../coordinator/book.ts';
import { parseId } from '../domain/ids.ts';
import { circleThrough, needsTree, treeRoots } from '../domain/needs.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import type { Context } from './frame/context.ts';
import type { Parsed } from './frame/parsed.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { rowText } from './needs-rows.ts';
import { readingBook, tasksUnlessAway, withBook } from './with-book.ts';

export const run: Run = (context, parsed) => {
  const [action, id, ...needs] = parsed.positionals;
  if (action === 'tree') return tree(context, parsed);
  if (id === undefined || needs.length === 0)
    throw new CoordError('usage', `dep ${action} needs a task, and what it needs`, {
      next: [`git coord dep ${action} <id> <need>...`],
    });
  return withBook(context, parsed, async ({ book, command }) => {
    const task = await book.changeNeeds(id, action === 'add' ? { add: needs } : { remove: needs }, command);
    await warnOfCircle(context, task, book);
    const text = task.needs.length > 0 ? `needs ${task.needs.join(', ')}` : 'needs nothing';
    return { data: task, text: `${task.id}: ${text}\n` };
  });
};

/** Of two who add at the same moment neither sees what the other does; who looks last sees both. */
async function warnOfCircle(context: Context, { id, needs }: TaskView, book: Book): Promise<void> {
  const tasks = await tasksUnlessAway(book);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const way = circleThrough(id, needs, (need) => byId.get(need)?.needs);
  if (way !== null) context.warn(oneLine(`${id} needs itself now: ${way.join(' needs ')} (git coord blocked)`));
}

function tree(context: Context, parsed: Parsed) {
  const named = parsed.positionals.slice(1).map((name) => parseId(name));
  return readingBook(context, parsed, async ({ app, book }) => {
    const { tasks } = await book.list();
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const unknown = named.find((id) => !byId.has(id));
    if (unknown !== undefined)
      throw new CoordError('not-found', `there is no task ${unknown}`, { next: ['git coord list'] });
    const needsOf = (id: string) => byId.get(id)?.needs;
    const roots = named.length > 0 ? named : treeRoots([...byId.keys()], needsOf);
    const met = new Set<string>();
    const rows = roots.map((root) => needsTree(root, needsOf, met));
    const shown = [...met].flatMap((id) => byId.get(id) ?? []);
    const text = rows.flatMap((one) => one.map((row) => rowText(context, row, byId.get(row.id)))).join('');
    return { data: { roots, tasks: shown, asOf: app.asOf() }, text: text || 'no task needs another\n' };
  });
}
