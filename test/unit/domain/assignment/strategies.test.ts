import { expect, test } from 'vitest';
import type { PlanAgent, PlanTask } from '../../../../src/domain/assignment/plan.ts';
import { type StrategyName, strategies } from '../../../../src/domain/assignment/strategies.ts';
import { figuresOf } from './figures.ts';

/** `id`, or `id:priority`, `id/skill`. */
function task(text: string): PlanTask {
  const [, id = '', priority = '0', skill] = /^(\w+)(?::(-?\d+))?(?:\/(\w+))?$/.exec(text) ?? [];
  return { id, type: id.replace(/\d+$/, ''), priority: Number(priority), requires: skill === undefined ? [] : [skill] };
}

/** `id` with its skills, how many tasks it holds, was given, and may hold. */
const agent = (id: string, over: { can?: string; holds?: number; given?: number; limit?: number } = {}): PlanAgent => ({
  id,
  capabilities: (over.can ?? '').split(' ').filter(Boolean),
  limit: over.limit ?? 3,
  holds: Array.from({ length: over.holds ?? 0 }, () => 'held'),
  given: over.given ?? 0,
});

/** As `a: t1 t2, b: t3`. */
function plan(strategy: StrategyName, agents: PlanAgent[], tasks: string, figures = figuresOf([])): string {
  const input = { agents, tasks: tasks.split(' ').filter(Boolean).map(task), figures };
  return [...strategies[strategy](input)].map(([id, own]) => `${id}: ${own.join(' ') || '-'}`).join(', ');
}

const [a, b] = [agent('a'), agent('b')];
const rust = agent('r', { can: 'rust' });
const all = agent('z', { can: 'rust sql' });
const fast = figuresOf(
  [1, 2, 3, 4, 5].flatMap(() => [
    { agent: 'a', type: 'big', ms: 100_000 },
    { agent: 'a', type: 'small', ms: 10_000 },
    { agent: 'b', type: 'big', ms: 400_000 },
    { agent: 'b', type: 'small', ms: 40_000 },
  ]),
);
const one = { limit: 1 };

const rows: [StrategyName, string, string, string][] = [
  ['priority', 'everybody may take all, the best first', plan('priority', [a, b], 't1:5 t2'), 'a: t1 t2, b: t1 t2'],
  ['priority', 'but not without the skill', plan('priority', [a, rust], 't1/rust t2'), 'a: t2, r: t1 t2'],
  ['priority', 'nothing is ready', plan('priority', [a], ''), 'a: -'],

  ['skill_based', 'never without the skill', plan('skill_based', [a], 't1/rust'), 'a: -'],
  ['skill_based', 'to whose skills fit most closely', plan('skill_based', [all, rust], 't1/rust'), 'z: -, r: t1'],
  ['skill_based', 'one who can do much is kept free', plan('skill_based', [a, all], 't1 t2/sql'), 'a: t1, z: t2'],
  ['skill_based', 'until the others have no place', plan('skill_based', [agent('a', one), all], 't1 t2'), 'a: t1, z: t2'],
  ['skill_based', 'what few can do goes first among equals', plan('skill_based', [agent('a', { holds: 3 }), agent('r', { can: 'rust', ...one })], 't1 t2/rust'), 'a: -, r: t2'],
  ['skill_based', 'but not before a higher priority', plan('skill_based', [agent('r', { can: 'rust', ...one })], 't1:1 t2/rust'), 'r: t1'],
  ['skill_based', 'a rare skill is kept free', plan('skill_based', [agent('k', { can: 'sql' }), agent('l', { can: 'sql' }), agent('j', { can: 'cobol' })], 't1'), 'k: t1, l: -, j: -'],
  ['skill_based', 'equals by what they hold', plan('skill_based', [agent('a', { holds: 1 }), b], 't1 t2 t3'), 'a: t2, b: t1 t3'],

  ['skill_based', 'nothing lower, though the higher is for another', plan('skill_based', [a, b], 't1:1 t2'), 'a: t1, b: -'],
  ['skill_based', 'a lower one to who can not do the higher', plan('skill_based', [a, rust], 't1:1/rust t2'), 'a: t2, r: t1'],

  ['round_robin', 'one after the other', plan('round_robin', [a, b], 't1 t2 t3 t4'), 'a: t1 t3, b: t2 t4'],
  ['round_robin', 'who was given fewer first', plan('round_robin', [agent('a', { given: 1 }), b], 't1'), 'a: -, b: t1'],
  ['round_robin', 'at most 2 ahead', plan('round_robin', [agent('a', { given: 1 }), b], 't1 t2 t3 t4 t5'), 'a: t2, b: t1 t3'],
  ['round_robin', 'at most 2 ahead of one that is busy', plan('round_robin', [agent('a', { given: 2 }), agent('b', { holds: 3 })], 't1'), 'a: -, b: -'],
  ['round_robin', 'one without the skill is not waited for', plan('round_robin', [agent('r', { can: 'rust', given: 9 }), a], 't1/rust'), 'r: t1, a: -'],
  ['round_robin', 'a late comer neither waits nor is waited for', plan('round_robin', [agent('a', { given: 50 }), b, agent('c', { given: 50 })], 't1 t2 t3'), 'a: t1, b: t2, c: t3'],

  ['load_balanced', 'one each', plan('load_balanced', [a, b], 't1 t2 t3'), 'a: t1, b: t2'],
  ['load_balanced', 'not to the fuller', plan('load_balanced', [agent('a', { holds: 1 }), b], 't1 t2'), 'a: -, b: t1'],
  ['load_balanced', 'by the part of its places', plan('load_balanced', [agent('a', { holds: 1, limit: 2 }), agent('b', { holds: 2, limit: 5 })], 't1 t2'), 'a: -, b: t1'],
  ['load_balanced', 'to the fuller when the other can not do it', plan('load_balanced', [a, agent('r', { can: 'rust', holds: 2 })], 't1/rust'), 'a: -, r: t1'],
  ['load_balanced', 'no more than there are places', plan('load_balanced', [agent('a', { holds: 3 }), agent('b', { holds: 3 })], 't1'), 'a: -, b: -'],
  ['load_balanced', 'equals by what they were given', plan('load_balanced', [agent('a', { given: 4 }), agent('b', { given: 3 })], 't1'), 'a: -, b: t1'],

  ['predictive', 'without history as good as any', plan('predictive', [agent('a', one), agent('b', one)], 't1 t2'), 'a: t1, b: t2'],
  ['predictive', 'the long to the fast, the short to the slow', plan('predictive', [agent('a', one), agent('b', one)], 'small1 big1 big2', fast), 'a: big1, b: small1'],
  ['predictive', 'the slow waits for the fast', plan('predictive', [agent('a', one), agent('b', one)], 'big1 big2', fast), 'a: big1, b: -'],
  ['predictive', 'a higher priority first, though it is shorter', plan('predictive', [agent('a', one)], 'small1:1 big1', fast), 'a: small1'],
  ['predictive', 'never without the skill', plan('predictive', [agent('b', one), agent('a', { can: 'sql', ...one })], 'big1/sql', fast), 'b: -, a: big1'],
  ['predictive', 'nothing lower while a higher one waits for the fast', plan('predictive', [agent('a', one), agent('b', one)], 'big1:1 big2:1 small1', fast), 'a: big1, b: -'],
  ['predictive', 'one without a place gets nothing', plan('predictive', [agent('a', { holds: 1, ...one })], 'big1', fast), 'a: -'],
  ['predictive', 'nobody', plan('predictive', [], 'big1', fast), ''],
]; // biome-ignore format: one row, one line

test.each(rows)('%s: %s', (_strategy, _name, made, expected) => {
  expect(made).toBe(expected);
});

test.each(Object.keys(strategies) as StrategyName[])(
  '%s gives nobody what it can not do, more than it has places for, or a lower priority than the best that it can do',
  (strategy) => {
    const random = (max: number, n: number): number => Math.abs(Math.round(Math.sin(n * 12.9898) * 43_758)) % max;
    for (let n = 0; n < 300; n++) {
      const skills = ['', 'rust', 'sql', 'rust sql'];
      const agents = ['a', 'b', 'c'].map((id, k) => {
        const given = random(4, n + k);
        return agent(id, { can: skills[random(4, n * 7 + k)] ?? '', holds: random(3, n * 3 + k), given, limit: 2 });
      });
      const tasks = Array.from({ length: 6 }, (_, k) =>
        task(`t${k}:${random(3, n * 5 + k)}${['', '', '/rust', '/sql'][random(4, n * 11 + k)]}`),
      ).sort((x, y) => y.priority - x.priority);
      const made = strategies[strategy]({ agents, tasks, figures: figuresOf([]) });
      for (const one of agents) {
        const own = (made.get(one.id) ?? []).map((id) => tasks.find((each) => each.id === id) as PlanTask);
        const can = (each: PlanTask) => each.requires.every((skill) => one.capabilities.includes(skill));
        expect(own.every(can)).toBe(true);
        expect(own.map(({ priority }) => priority)).toEqual(own.map(({ priority }) => priority).sort((x, y) => y - x));
        if (strategy === 'priority') continue;
        expect(own.length).toBeLessThanOrEqual(2 - one.holds.length);
        for (const { priority } of own) expect(priority).toBe(tasks.find(can)?.priority);
      }
    }
  },
);
