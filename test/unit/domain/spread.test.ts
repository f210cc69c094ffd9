import fc from 'fast-check';
import { expect, test } from 'vitest';
import { queueOrder } from '../../../src/domain/readiness.ts';
import { orderFor, pauseMsAfterLoss, spreadMax } from '../../../src/domain/spread.ts';

const one = (id: string, priority = 0, createdAt = '1') => ({ id, priority, createdAt });
const many = (count: number, priority = 0, name = 't') =>
  Array.from({ length: count }, (_, n) => one(`${name}-${n}`, priority, String(1000 + n)));
const who = (n: number) => ({ agent: `agent-${n}`, session: 's' });
const agents = Array.from({ length: 20 }, (_, n) => who(n));
const ids = (tasks: readonly { id: string }[]) => tasks.map(({ id }) => id);
const firsts = (tasks: ReturnType<typeof many>) => agents.map((agent) => orderFor(agent, tasks)[0]?.id);

const rows: [string, ReturnType<typeof many>, string[]][] = [
  ['nothing', [], []],
  ['one task', [one('a')], ['a']],
  ['a higher priority first, though it is younger', [one('a', 0, '1'), one('b', 5, '9')], ['b', 'a']],
  ['negative priorities last', [one('a', -1), one('b', 0), one('c', 1)], ['c', 'b', 'a']],
]; // biome-ignore format: one row, one line

test.each(rows)('%s: the same order for everybody', (_name, tasks, order) => {
  for (const agent of agents) expect(ids(orderFor(agent, tasks))).toEqual(order);
});

test('agents begin at different tasks of one priority, each always at the same', () => {
  const tasks = many(spreadMax);
  // 20 that choose by lot among 64 take 17 different ones on average
  expect(new Set(firsts(tasks)).size).toBeGreaterThanOrEqual(14);
  expect(firsts([...tasks].reverse())).toEqual(firsts(tasks));
});

test('another session of one agent has another order', () => {
  const order = (session: string) => ids(orderFor({ agent: 'agent-1', session }, many(10)));
  expect(order('s-1')).not.toEqual(order('s-2'));
});

test('those that meet at their first task do not all meet at their second', () => {
  const tasks = many(8);
  const seconds = agents
    .map((agent) => orderFor(agent, tasks))
    .filter(([first]) => first?.id === firsts(tasks)[0])
    .map(([, second]) => second?.id);
  expect(seconds.length).toBeGreaterThan(1);
  expect(new Set(seconds).size).toBeGreaterThan(1);
});

test('a task that is older than 64 others of its priority is taken before the youngest', () => {
  for (const agent of agents) {
    const order = ids(orderFor(agent, many(spreadMax + 3)));
    expect(order.slice(spreadMax)).toEqual(['t-64', 't-65', 't-66']);
  }
});

test('agents that are fewer than the tasks of the highest priority pass none of them over', () => {
  const urgent = many(agents.length + 1, 9, 'urgent');
  const taken = new Set<string>();
  for (const agent of agents) {
    const [task] = orderFor(agent, [...many(100), ...urgent]).filter(({ id }) => !taken.has(id));
    expect(task?.priority).toBe(9);
    taken.add(task?.id ?? '');
  }
});

test('any tasks: all of them, each once, never a lower priority before a higher, the same whatever order they come in', () => {
  const task = fc.record({ priority: fc.integer({ min: -3, max: 3 }), createdAt: fc.constantFrom('1', '2', '3') });
  const tasks = fc.array(task, { maxLength: 200 }).map((all) => all.map((of, n) => ({ ...of, id: `t-${n}` })));
  fc.assert(
    fc.property(tasks, fc.string(), fc.string(), (all, agent, session) => {
      const order = orderFor({ agent, session }, all);
      expect([...order].sort(queueOrder)).toEqual([...all].sort(queueOrder));
      expect(order.map(({ priority }) => priority)).toEqual(all.map(({ priority }) => priority).sort((a, b) => b - a));
      expect(orderFor({ agent, session }, [...all].reverse())).toEqual(order);
    }),
  );
});

test('who lost stays away for a random time, up to twice as long after each loss, never for more than 800 ms', () => {
  expect([1, 2, 3, 4, 5, 6, 100].map((losses) => pauseMsAfterLoss(losses, 0.5))).toEqual([
    25, 50, 100, 200, 400, 400, 400,
  ]);
  expect(pauseMsAfterLoss(1, 0)).toBe(0);
  expect(pauseMsAfterLoss(50, 0.999)).toBeLessThanOrEqual(800);
});
