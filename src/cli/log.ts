import type { LogEntry } from '../coordinator/task-log.ts';
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

/** What `WHAT` and `TERM` say already, and what only programs want to know. */
const untold = new Set(['term', 'holder', 'attempts', 'backoffMs']);

function changedText(changes: LogEntry['changes']): string {
  return Object.entries(changes)
    .filter(([name, value]) => !untold.has(name) && value !== null)
    .map(([name, value]) => (name === 'notes' ? noteText(value) : `${name}: ${valueText(value)}`))
    .join(', ');
}

/** The newest remark: that is what the step added. */
function noteText(value: unknown): string {
  const last = Array.isArray(value) ? (value.at(-1) as { text?: unknown } | undefined) : undefined;
  return `note: ${typeof last?.text === 'string' ? last.text : ''}`;
}

/** Progress and errors by their text. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  const { text, percent, message } = value as { text?: unknown; percent?: unknown; message?: unknown };
  if (typeof text === 'string') return typeof percent === 'number' ? `${text} (${percent} %)` : text;
  return typeof message === 'string' ? message : JSON.stringify(value);
}
