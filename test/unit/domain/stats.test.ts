import { expect, test } from 'vitest';
import { statsOf, type TaskHistory } from '../../../src/domain/stats.ts';
import type { TaskOp, TaskState } from '../../../src/domain/task.ts';
import { task } from './samples.ts';

/** `<op>@<second>[ <agent>]`, oldest first. */
function history(type: string, ...steps: string[]): TaskHistory {
  const stateOf: Partial<Record<string, TaskState>> = { claim: 'claimed', 'take-over': 'claimed', done: 'done', review: 'review', dead: 'failed', cancel: 'cancelled' }; // biome-ignore format: one line
  let holder: string | null = null;
  return steps.map((step) => {
    const [what = '', agent] = step.split(' ');
    const [op = '', second] = what.split('@');
    const state = stateOf[op] ?? (holder !== null && op === 'edit' ? 'claimed' : 'open');
    holder = state === 'claimed' ? (agent ?? holder) : null;
    const held = holder === null ? null : { agent: holder, session: 's', tenure: 'T', ttlMs: 1000 };
    return {
      op: (op === 'dead' ? 'fail' : op) as TaskOp,
      at: new Date(1.7e12 + 1000 * Number(second)).toISOString(),
      task: task(state, { type, holder: held }),
    };
  });
}

test('nothing yet', () => {
  expect(statsOf([])).toEqual([]);
  expect(statsOf([history('code', 'add@0'), history('code', 'add@0', 'cancel@4')])).toEqual([]);
});

test('one agent, one type: rates, durations, work and waiting', () => {
  const rows = statsOf([
    history('code', 'add@0', 'claim@10 anna', 'edit@12', 'done@20'),
    history('code', 'add@0', 'claim@30 anna', 'done@60'),
    history('code', 'add@50', 'claim@60 anna', 'fail@80', 'claim@100 anna', 'review@140'),
  ]);
  expect(rows).toEqual([
    {
      agent: 'anna',
      type: 'code',
      total: 4,
      succeeded: 3,
      failed: 1,
      successRate: 0.75,
      durationMs: { mean: 26_667, p50: 30_000, p95: 40_000 },
      tasksPerHour: null,
      // 10-20, 30-80, 100-140 of 10-140
      utilization: 100 / 130,
      waitMs: 17_500,
      recoveries: 1,
    },
  ]);
});

test('a rate is of the work alone, also of several tasks at once, and of no less of it than 10 min', () => {
  const rateOf = (...histories: TaskHistory[]) => statsOf(histories)[0]?.tasksPerHour;
  const short = (from: number) => history('code', 'add@0', `claim@${from} anna`, `done@${from + 3}`);
  expect(rateOf(short(0))).toBe(null);
  expect(rateOf(short(0), short(7000))).toBe(null);
  expect(rateOf(history('code', 'add@0', 'claim@0 anna', 'done@599'))).toBe(null);
  expect(rateOf(history('code', 'add@0', 'claim@0 anna', 'done@600'))).toBe(6);
  const half = history('code', 'add@0', 'claim@0 anna', 'done@300');
  expect(rateOf(half, half)).toBe(12);
  expect(rateOf(half, half, history('code', 'add@0', 'claim@9000 anna', 'fail@9300'))).toBe(8);
  expect(rateOf(history('code', 'add@0', 'claim@0 anna', 'fail@600'))).toBe(0);
});

test('by agent and by type; several at once are used once', () => {
  const rows = statsOf([
    history('code', 'add@0', 'claim@0 ben', 'done@10'),
    history('code', 'add@0', 'claim@5 ben', 'done@20'),
    history('docs', 'add@0', 'claim@0 ben', 'release@5', 'claim@9 anna', 'done@10'),
  ]);
  expect(rows.map(({ agent, type, total, utilization }) => [agent, type, total, utilization])).toEqual([
    ['anna', 'docs', 1, 1],
    ['ben', 'code', 2, 1],
    ['ben', 'docs', 0, 1],
  ]);
  expect(rows[2]).toMatchObject({ successRate: null, durationMs: null, tasksPerHour: null });
});

test('who takes up what another lost, and ends it well, has recovered it', () => {
  const rows = statsOf([
    history('code', 'add@0', 'claim@0 anna', 'take-over@30 ben', 'done@40'),
    history('code', 'add@0', 'claim@0 anna', 'expire@30', 'claim@31 ben', 'release@32', 'claim@35 cleo', 'done@40'),
    history('code', 'add@0', 'claim@0 anna', 'expire@30', 'claim@31 ben', 'dead@33'),
  ]);
  expect(rows.map(({ agent, succeeded, failed, recoveries }) => [agent, succeeded, failed, recoveries])).toEqual([
    ['anna', 0, 3, 0],
    ['ben', 1, 1, 1],
    ['cleo', 1, 0, 1],
  ]);
});

test('clocks that disagree give no negative times', () => {
  const [row] = statsOf([history('code', 'add@100', 'claim@50 anna', 'done@40')]);
  expect(row).toMatchObject({ waitMs: 0, durationMs: { mean: 0 }, tasksPerHour: null, utilization: null });
});
