import { queueOf } from '../coordinator/book-view.ts';
import { pausedText } from '../domain/decide-queue.ts';
import { blockerText } from '../domain/readiness-words.ts';
import { filterOf } from './filter.ts';
import type { Run } from './frame/spec.ts';
import { table } from './frame/table.ts';
import { oneLine } from './frame/text.ts';
import { taskTable } from './task-text.ts';
import { readingBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, book }) => {
    const filter = filterOf(parsed, true);
    const all = await book.list({ ...filter, limit: undefined });
    const tasks = all.tasks.filter((task) => task.ready).slice(0, filter.limit ?? all.tasks.length);
    const paused = pausedText(queueOf(app.context, all.read));
    const none = paused === null ? 'nothing is ready\n' : `nothing is ready: ${oneLine(paused)} (git coord resume)\n`;
    const shown = () => (tasks.length > 0 ? taskTable(context, tasks) : none);
    const data = { tasks, asOf: app.asOf() };
    // with --json nobody sees the table, and a thousand rows of it take as long as all else
    if (!parsed.flag('explain'))
      return {
        data,
        get text() {
          return shown();
        },
      };
    const others = all.tasks.filter((task) => !task.ready && task.state !== 'done' && task.state !== 'cancelled');
    const explained = others.map((task) => ({
      id: task.id,
      because: (all.blockers.get(task.id) ?? []).map(blockerText),
    }));
    const rows = explained.map(({ id, because }) => [id, because.join('; ')]);
    const why = table([{ title: 'NOT READY' }, { title: 'BECAUSE IT', flexible: true }], rows, {
      columns: context.terminal.columns,
    });
    return { data: { ...data, notReady: explained }, text: why === '' ? shown() : `${shown()}\n${why}` };
  });
