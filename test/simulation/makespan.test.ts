// What `predictive` is good for: simulated fleets of four on skewed workloads, the same for each strategy. It knows five earlier
// tasks of each agent and type, with their noise, and waits no longer than two polls for anybody.
import { expect, test } from 'vitest';
import { strategies } from '../../src/domain/assignment/strategies.ts';
import { figuresOf } from '../unit/domain/assignment/figures.ts';
import { makespanMs, seeded, type World } from './makespan.ts';

const agents = ['a', 'b', 'c', 'd'];
const meanMs: Readonly<Record<string, number>> = { note: 30_000, fix: 60_000, feature: 180_000, rewrite: 600_000 };
const types = Object.keys(meanMs);
const speeds = [1, 1.6, 2.5, 4];
const noise = 0.3;
const workloads = 200;

/** How many times as long an agent takes, by type. */
type Fleet = (random: () => number) => (agent: string, type: string) => number;

const slowAndFast: Fleet = (random) => {
  const shuffled = speeds.map((speed) => [random(), speed] as const).sort(([x], [y]) => x - y);
  return (agent) => shuffled[agents.indexOf(agent)]?.[1] ?? 1;
};
const specialists: Fleet = () => (agent, type) => speeds[(agents.indexOf(agent) + types.indexOf(type)) % 4] ?? 1;
const alike: Fleet = () => () => 1;

function world(seed: number, fleet: Fleet, known: number): World {
  const random = seeded(seed);
  const factor = fleet(random);
  const msOf = (agent: string, type: string) => (meanMs[type] ?? 0) * factor(agent, type);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const size = () => Math.exp(noise * normal() - (noise * noise) / 2);
  const count = 20 + Math.floor(random() * 40);
  const tasks = Array.from({ length: count }, (_, n) => ({
    id: `t${n}`,
    type: types[Math.floor(random() * types.length)] ?? '',
    size: size(),
  }));
  const before = agents.flatMap((agent) =>
    types.flatMap((type) => Array.from({ length: known }, () => ({ agent, type }))),
  );
  return {
    agents,
    tasks,
    msOf,
    figures: figuresOf(before.map((one) => ({ ...one, ms: msOf(one.agent, one.type) * size() }))),
  };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

test.each<[string, Fleet, number, number]>([
  ['agents 4 times apart', slowAndFast, 5, 0.9],
  ['agents that are each the fastest at something', specialists, 5, 0.9],
  ['agents alike', alike, 5, 1.05],
  ['agents alike, of whom nothing is known', alike, 0, 1.05],
])('%s: the median makespan beside that of priority', (name, fleet, known, atMost) => {
  const worlds = Array.from({ length: workloads }, (_, n) => world(n + 1, fleet, known));
  const medianOf = (strategy: (typeof strategies)['priority']) =>
    median(worlds.map((one) => makespanMs(one, strategy)));
  const ratio = medianOf(strategies.predictive) / medianOf(strategies.priority);
  console.log(`${name}: ${ratio.toFixed(3)} of that of priority`);
  expect(ratio).toBeLessThanOrEqual(atMost);
});
