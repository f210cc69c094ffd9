import type { Paint } from './style.ts';
import { cut, displayWidth, oneLine } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be cut where the table is wider than the terminal; without one, the last may. */
  readonly flexible?: boolean;
  /** Colours a cell after it was measured. */
  readonly paint?: (text: string) => string;
}

export interface TableOptions {
  /** Infinity: no limit. */
  readonly columns: number;
  readonly header?: Paint;
  readonly indent?: string;
}

const gap = '  ';
const flexibleMin = 8;

/** An aligned table, a line each, ending in a newline; empty without rows. Cells are made safe for a terminal. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], options: TableOptions): string {
  if (rows.length === 0) return '';
  const indent = options.indent ?? '';
  const cells = rows.map((row) => columns.map((_, index) => oneLine(row[index] ?? '')));
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...cells.map((row) => displayWidth(row[index] ?? ''))),
  );
  shrink(columns, widths, options.columns - displayWidth(indent));
  const line = (row: readonly string[], paints: readonly (Paint | undefined)[]) =>
    (
      indent +
      columns
        .map((column, index) => {
          const text = cut(row[index] ?? '', widths[index] ?? 0);
          const room = ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(text)));
          const painted = paints[index]?.(text) ?? text;
          return column.align === 'right' ? room + painted : painted + room;
        })
        .join(gap)
    ).trimEnd();
  const titles = columns.map((column) => column.title);
  const head = titles.some((title) => title !== '')
    ? [
        line(
          titles,
          titles.map(() => options.header),
        ),
      ]
    : [];
  const body = cells.map((row) =>
    line(
      row,
      columns.map((column) => column.paint),
    ),
  );
  return `${[...head, ...body].join('\n')}\n`;
}

/** Takes from the flexible columns, the widest first, until the table fits. */
function shrink(columns: readonly Column[], widths: number[], room: number): void {
  const named = columns.flatMap((column, index) => (column.flexible ? [index] : []));
  const flexible = named.length > 0 ? named : [columns.length - 1];
  const total = () => widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1);
  while (total() > room) {
    const widest = flexible.reduce((best, index) => ((widths[index] ?? 0) > (widths[best] ?? 0) ? index : best));
    const width = widths[widest] ?? 0;
    if (width <= flexibleMin) return;
    widths[widest] = Math.max(flexibleMin, width - Math.max(1, flexible.length > 1 ? 1 : total() - room));
  }
}
