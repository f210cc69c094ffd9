import { isChosen } from '../coordinator/filter.ts';
import { blockedReasons } from '../domain/blocked.ts';
import { filterOf } from './filter.ts';
import type { Run } from './frame/spec.ts';
import { table } from './frame/table.ts';
import { readingBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, book }) => {
    const filter = filterOf(parsed, true);
    const all = await book.list();
    const byId = new Map(all.tasks.map((task) => [task.id, task]));
    const needsOf = (id: string) => byId.get(id)?.needs;
    const blocked = all.tasks
      .filter((task) => isChosen(task, filter))
      .map((task) => ({ ...task, because: blockedReasons(task, all.blockers.get(task.id) ?? [], needsOf) }))
      .filter(({ because }) => because.length > 0)
      .slice(0, filter.limit);
    const rows = blocked.flatMap(({ id, because }) =>
      because.map(({ text, next }, index) => [index === 0 ? id : '', text, next.join(' or ')]),
    );
    const columns = [{ title: 'ID', paint: context.style.cyan }, { title: 'BECAUSE IT' }, { title: 'WAY OUT' }];
    // on a narrow terminal its lines go on below: a way out that is cut can't be typed
    const text = table(columns, rows, { columns: Number.POSITIVE_INFINITY, header: context.style.dim });
    return { data: { tasks: blocked, asOf: app.asOf() }, text: text || 'nothing is blocked\n' };
  });
