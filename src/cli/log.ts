import { changedText } from './changed-text.ts';
import type { Run } from './frame/spec.ts';
import { table } from './frame/table.ts';
import { readingBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, book }) => {
    const log = await book.log(parsed.positionals[0] ?? '');
    const columns = [
      { title: 'WHEN' },
      { title: 'WHAT', paint: context.style.bold },
      { title: 'WHO' },
      { title: 'TERM', align: 'right' as const },
      { title: 'CHANGED', flexible: true },
    ];
    const rows = log.entries.map(({ at, op, by, term, changes }) => [at, op, by, String(term), changedText(changes)]);
    return {
      data: { ...log, asOf: app.asOf() },
      text: table(columns, rows, { columns: context.terminal.columns, header: context.style.dim }),
    };
  });
