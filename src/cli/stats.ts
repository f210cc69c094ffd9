import { formatDuration } from '../config/durations.ts';
import type { Run } from './frame/spec.ts';
import { table } from './frame/table.ts';
import { readingBook } from './with-book.ts';

const percent = (share: number | null): string => (share === null ? '' : `${Math.round(100 * share)} %`);
const seconds = (ms: number | null | undefined): string =>
  ms == null ? '' : formatDuration(1000 * Math.round(ms / 1000));

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, book }) => {
    const [agent, types] = [parsed.text('agent'), parsed.list('type') ?? []];
    const rows = (await book.stats()).filter(
      (row) => (agent === undefined || row.agent === agent) && (types.length === 0 || types.includes(row.type)),
    );
    const cells = rows.map((row) => [
      row.agent,
      row.type,
      String(row.succeeded),
      String(row.failed),
      percent(row.successRate),
      seconds(row.durationMs?.mean),
      seconds(row.durationMs?.p50),
      seconds(row.durationMs?.p95),
      row.tasksPerHour === null ? '' : row.tasksPerHour.toFixed(1),
      percent(row.utilization),
      seconds(row.waitMs),
      String(row.recoveries),
    ]);
    const numbers = ['DONE', 'FAILED', 'GOOD', 'MEAN', 'P50', 'P95', 'AN HOUR', 'IN USE', 'WAITED', 'RECOVERED'];
    const columns = [
      { title: 'AGENT', paint: context.style.cyan },
      { title: 'TYPE', flexible: true },
      ...numbers.map((title) => ({ title, align: 'right' as const })),
    ];
    const text = table(columns, cells, { columns: context.terminal.columns, header: context.style.dim });
    return { data: { rows, asOf: app.asOf() }, text: text || 'nothing has been claimed yet\n' };
  });
