import { describe, expect, test } from 'vitest';
import { parseAction } from '../../../src/dashboard/actions.ts';
import { EventRows } from '../../../src/dashboard/event-rows.ts';
import { beside, layOut } from '../../../src/dashboard/page/graph-layout.ts';
import { figuresOf, periodRows } from '../../../src/dashboard/period-rows.ts';
import { eventsMax } from '../../../src/dashboard/rows.ts';
import { shownText } from '../../../src/dashboard/shown-text.ts';
import type { Tenure } from '../../../src/domain/stats.ts';
import { CoordError } from '../../../src/errors.ts';

test.each([
  ['plain', 'plain'],
  ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ['\x1b[31mred\x1b[0m', 'red'],
  ['a\u202egnp.exe', 'agnp.exe'],
  ['a\u061cb\u{e0041}\u{e007f}c😀', 'abc😀'],
  ['two\nlines\tof\r\nit', 'two lines of it'],
  ['\x1b]0;title\x07x', 'x'],
])('%j is shown as %j', (text, shown) => {
  expect(shownText(text)).toBe(shown);
});

test('what is long is cut, between characters', () => {
  expect(shownText('x'.repeat(100_000))).toBe(`${'x'.repeat(159)}…`);
  expect(shownText('😀'.repeat(50), 10)).toBe(`${'😀'.repeat(9)}…`);
});

describe('actions', () => {
  test.each([
    [
      { action: 'retry', task: 'a' },
      { name: 'retry', task: 'a', priority: null },
    ],
    [
      { action: 'priority', task: 'a', priority: -3 },
      { name: 'priority', task: 'a', priority: -3 },
    ],
  ])('%j', (body, action) => expect(parseAction(body)).toEqual(action));
  test.each([
    [null],
    ['retry'],
    [{}],
    [{ action: 'done', task: 'a' }],
    [{ action: 'retry' }],
    [{ action: 'retry', task: 5 }],
    [{ action: 'retry', task: '../a' }],
    [{ action: 'retry', task: 'a', priority: 1 }],
    [{ action: 'priority', task: 'a' }],
    [{ action: 'priority', task: 'a', priority: 1.5 }],
    [{ action: 'priority', task: 'a', priority: '1' }],
  ])('refused: %j', (body) => expect(() => parseAction(body)).toThrow(CoordError));
});

const tenure = (toMs: number, end: Tenure['end'], more: Partial<Tenure> = {}): Tenure => ({
  ...{ agent: 'a', type: 'task', waitMs: 4000, fromMs: toMs - 6000, toMs, end, recovers: false },
  ...more,
});

describe('periods', () => {
  const nowMs = Date.UTC(2026, 0, 5, 12, 0, 30);

  test('what ended in the same period counts together, per range', () => {
    const rows = periodRows(
      [
        tenure(nowMs - 1000, 'succeeded', { recovers: true }),
        tenure(nowMs - 2000, 'succeeded', { waitMs: 8000, fromMs: nowMs - 12_000 }),
        tenure(nowMs - 3000, 'failed'),
        tenure(nowMs - 4000, 'neither'),
        tenure(nowMs - 3 * 3_600_000, 'succeeded'),
      ],
      nowMs,
    );
    const hour = rows.filter(({ range }) => range === 'hour');
    const fromMs = Date.UTC(2026, 0, 5, 12, 0);
    expect(hour).toEqual([
      { key: `hour ${fromMs}`, range: 'hour', fromMs, succeeded: 2, failed: 1, waitMs: 6000, runMs: 8000 },
    ]);
    expect(rows.filter(({ range }) => range === 'day').map(({ succeeded }) => succeeded)).toEqual([2, 1]);
  });

  test('what is older than the range, or of a clock that is ahead, is left out', () => {
    expect(
      periodRows([tenure(nowMs - 8 * 86_400_000, 'succeeded'), tenure(nowMs + 9_000_000, 'succeeded')], nowMs),
    ).toEqual([]);
  });

  test('figures', () => {
    const all = [tenure(nowMs - 1000, 'succeeded', { recovers: true }), tenure(nowMs - 7_200_000, 'failed')];
    expect(figuresOf(all, 3, nowMs)).toEqual({
      ...{ key: 'figures', succeeded: 1, failed: 1, recoveries: 1 },
      ...{ lastHour: 1, unread: 3 },
    });
  });
});

describe('events', () => {
  const shown = (id: string, type: string, data: unknown) => ({
    ...{ id, type, at: '', by: 'anna', task: null, term: null, seq: null },
    data: data as never,
  });

  test('each once, the newest alone', () => {
    const rows = new EventRows();
    rows.add([shown('a', 'x', null), shown('a', 'x', null)]);
    expect(rows.rows).toHaveLength(1);
    rows.add(Array.from({ length: 500 }, (_, n) => shown(`e${n}`, 'x', null)));
    expect(rows.rows).toHaveLength(eventsMax);
    expect(rows.rows.at(-1)).toMatchObject({ key: 'e499' });
  });

  test.each([
    ['task.add', { title: 'Build it' }, 'Build it'],
    ['task.fail', { error: { code: 'failed', message: 'it broke' } }, 'it broke'],
    ['task.edit', { notes: [{ text: 'old' }, { text: 'new' }] }, 'new'],
    ['task.claim', { state: 'claimed' }, ''],
    ['agent.registered', { capabilities: ['testing', { toString: 1 }, ['x']] }, 'can testing'],
    ['agent.status', { from: 'available', to: 'busy', task: 'a' }, 'available → busy'],
    ['deploy.done', { host: 'a' }, '{"host":"a"}'],
    ['deploy.done', 'x'.repeat(60_000), `"${'x'.repeat(198)}…`],
    ['task.odd', 5, '5'],
  ])('%s of %j says %j', (type, data, text) => {
    const rows = new EventRows();
    rows.add([shown('a', type, data)]);
    expect(rows.rows[0]?.text).toBe(text);
  });
});

describe('the drawing', () => {
  const columnsOf = (needs: Record<string, string[]>) => {
    const { places } = layOut(Object.entries(needs).map(([id, own]) => ({ id, needs: own })));
    return Object.fromEntries([...places].map(([id, { column }]) => [id, column]));
  };

  test('what a task needs stands to the left of it', () => {
    expect(columnsOf({ d: ['b', 'c'], b: ['a'], c: ['b'], a: [] })).toEqual({ a: 0, b: 1, c: 2, d: 3 });
    expect(columnsOf({ a: ['elsewhere'] })).toEqual({ a: 0 });
    expect(layOut([])).toMatchObject({ columns: [], rows: 0, edges: [] });
  });

  test('a circle, and one that needs itself, are drawn too', () => {
    expect(Object.keys(columnsOf({ a: ['b'], b: ['a'], c: ['c'] })).sort()).toEqual(['a', 'b', 'c']);
  });

  test('150 tasks in a row have a column each', () => {
    const chain = Array.from({ length: 150 }, (_, n) => ({
      id: `t${149 - n}`,
      needs: n === 149 ? [] : [`t${148 - n}`],
    }));
    expect(layOut(chain).columns).toHaveLength(150);
  });

  test('arrows lead to what stands beside', () => {
    const layout = layOut([
      { id: 'a', needs: [] },
      ...['b', 'c', 'd'].map((id) => ({ id, needs: ['a'] })),
      { id: 'e', needs: ['b', 'c', 'd'] },
    ]);
    const way = (id: string, ...keys: string[]) =>
      keys.reduce<string | null>((at, key) => at && beside(layout, at, key), id);
    expect(way('a', 'ArrowRight')).toBe('c');
    expect(way('a', 'ArrowRight', 'ArrowDown')).toBe('d');
    expect(way('a', 'ArrowRight', 'ArrowUp', 'ArrowRight')).toBe('e');
    expect(way('e', 'ArrowLeft', 'ArrowLeft')).toBe('a');
    expect(way('a', 'ArrowUp')).toBe(null);
    expect(way('a', 'ArrowLeft')).toBe(null);
    expect(way('a', 'Enter')).toBe(null);
  });
});
