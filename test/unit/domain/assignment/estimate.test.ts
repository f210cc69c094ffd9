import { expect, test } from 'vitest';
import { estimatesOf } from '../../../../src/domain/assignment/estimate.ts';
import type { StatsRow } from '../../../../src/domain/stats.ts';

const row = (agent: string, type: string, succeeded: number, failed: number, mean: number): StatsRow => ({
  agent,
  type,
  total: succeeded + failed,
  succeeded,
  failed,
  successRate: null,
  durationMs: succeeded === 0 ? null : { mean, p50: mean, p95: mean },
  tasksPerHour: null,
  utilization: null,
  waitMs: null,
  recoveries: 0,
});
const seconds = (rows: StatsRow[], agent: string, type: string) => Math.round(estimatesOf(rows)(agent, type) / 1000);

test.each<[string, StatsRow[], string, string, number]>([
  ['no history', [], 'a', 't', 60],
  ['an unknown agent: as usual for the type', [row('b', 't', 98, 0, 100_000)], 'a', 't', 100],
  ['an unknown type: as usual', [row('b', 't', 98, 0, 100_000)], 'a', 'u', 100],
  ['one task says little', [row('a', 't', 1, 0, 10_000), row('b', 't', 99, 0, 100_000)], 'a', 't', 69],
  ['many say all', [row('a', 't', 100, 0, 10_000), row('b', 't', 100, 0, 100_000)], 'a', 't', 11],
  ['what fails half the time takes twice as long', [row('a', 't', 100, 100, 10_000)], 'a', 't', 20],
  ['failures elsewhere say little', [row('a', 't', 100, 0, 10_000), row('b', 't', 100, 100, 10_000)], 'a', 't', 10],
  ['nothing but failures: no end of it, but an end', [row('a', 't', 0, 1000, 0)], 'a', 't', 1200],
])('%s', (_name, rows, agent, type, expected) => {
  expect(seconds(rows, agent, type)).toBe(expected);
});
