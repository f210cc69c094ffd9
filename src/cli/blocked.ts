import { isChosen } from '../coordinator/filter.ts';
import { circleThrough } from '../domain/needs.ts';
import type { Blocker } from '../domain/readiness.ts';
import { blockerText } from '../domain/readiness-words.ts';
import type { TaskView } from '../domain/view.ts';
import { waysOut } from '../domain/way-out.ts';
import { filterOf } from './filter.ts';
import type { Run } from './frame/spec.ts';
import { table } from './frame/table.ts';
import { readingBook } from './with-book.ts';

interface Reason {
  readonly text: string;
  readonly next: readonly string[];
}

/** What only waits for its next try, or to be claimed by name, isn't blocked. */
const blocks: ReadonlySet<Blocker['why']> = new Set(['need', 'paused', 'reserved', 'held']);

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, book }) => {
    const filter = filterOf(parsed, true);
    const all = await book.list();
    const byId = new Map(all.tasks.map((task) => [task.id, task]));
    const needsOf = (id: string) => byId.get(id)?.needs;
    const reasonsOf = (task: TaskView): Reason[] => {
      if (task.state !== 'open') return [];
      const found = (all.blockers.get(task.id) ?? []).filter(({ why }) => blocks.has(why));
      const circle = circleThrough(task.id, task.needs, needsOf);
      const [, need = ''] = circle ?? [];
      const round = circle && {
        text: `needs itself: ${circle.join(' needs ')}`,
        next: [`git coord dep rm ${task.id} ${need}`],
      };
      return [
        ...(round ? [round] : []),
        ...found.map((one) => ({ text: blockerText(one), next: waysOut(task.id, one) })),
      ];
    };
    const blocked = all.tasks
      .filter((task) => isChosen(task, filter))
      .map((task) => ({ ...task, because: reasonsOf(task) }))
      .filter(({ because }) => because.length > 0)
      .slice(0, filter.limit);
    const rows = blocked.flatMap(({ id, because }) =>
      because.map(({ text, next }, index) => [index === 0 ? id : '', text, next.join(' or ')]),
    );
    const columns = [
      { title: 'ID', paint: context.style.cyan },
      { title: 'BECAUSE IT' },
      { title: 'WAY OUT', flexible: true },
    ];
    const text = table(columns, rows, { columns: context.terminal.columns, header: context.style.dim });
    return { data: { tasks: blocked, asOf: app.asOf() }, text: text || 'nothing is blocked\n' };
  });
