import { expect, test } from 'vitest';
import { standstillMs } from '../../src/domain/lease-times.ts';
import type { Transport } from '../../src/transport/port.ts';
import { runHistory } from './history.ts';
import type { Mutation } from './machine.ts';
import { describeRun, missing, runHistories } from './run.ts';
import type { World } from './world.ts';

const histories = process.env.COORD_TEST_FULL === '1' ? 20_000 : 2000;
/** A failure names the seed of its history. */
const firstSeed = Number(process.env.COORD_TEST_SEED ?? 1);

test(
  `${histories} histories, whatever goes wrong`,
  async () => {
    const report = await runHistories(firstSeed, histories);
    console.log(`seeds from ${firstSeed}: ${describeRun(report)}`);
    expect(missing(report)).toEqual([]);
  },
  histories * 600,
);

test('a seed gives the same history again', async () => {
  const tell = async (): Promise<string[]> => {
    const lines: string[] = [];
    await runHistory(77, { trace: (line) => lines.push(line) });
    return lines;
  };
  const [once, again] = [await tell(), await tell()];
  expect(once.length).toBeGreaterThan(100);
  expect(again).toEqual(once);
});

/** What is said of the histories that a mutation breaks, by how many of them. */
async function failures(mutation: Mutation, count: number): Promise<string[]> {
  const said: string[] = [];
  for (let seed = 1; seed <= count; seed++) {
    await runHistory(seed, { mutation }).catch((error: unknown) => said.push(String(error)));
  }
  return said;
}

const second = (world: World): number => Math.floor(world.nowMs / 1000);

test('it notices nonces that are missing: two attempts with the same bytes both win', async () => {
  const mutation = {
    nonce: (world: World) => `0123456789abcdef-${second(world)}`,
    wall: (world: World) => new Date(1.77e12 + 1000 * second(world)).toISOString(),
    // What git says of a value that is there already.
    transport: (transport: Transport): Transport => ({
      ...transport,
      compareAndSwap: async (updates, options) => {
        const report = await transport.compareAndSwap(
          updates.filter(({ from, to }) => from !== to),
          options,
        );
        return { ...report, answers: new Map(updates.map(({ ref }) => [ref, report.answers.get(ref) ?? 'applied'])) };
      },
    }),
  };
  expect((await failures(mutation, 40)).join('\n')).toMatch(/both said that they claimed/);
}, 180_000);

test('it notices beats that are forced: a pruned claim comes back', async () => {
  const mutation: Mutation = {
    transport: (transport, remote) => ({
      ...transport,
      compareAndSwap: (updates, options) => {
        const forced = updates.map((update) => {
          const now = remote.refs.get(update.ref) ?? null;
          return update.ref.includes('/claims/') && now !== update.to ? { ...update, from: now } : update;
        });
        return transport.compareAndSwap(options.atomic ? updates : forced, options);
      },
    }),
  };
  expect((await failures(mutation, 40)).join('\n')).toMatch(/a beat of .* replaced/);
}, 180_000);

test("it notices an observer that counts by its own ttl instead of the record's", async () => {
  const mutation: Mutation = {
    observed: (observed) => ({
      ...observed,
      ageMs: (...seen) => (observed.ageMs(...seen) >= standstillMs(1000) ? Number.MAX_SAFE_INTEGER : 0),
    }),
  };
  expect((await failures(mutation, 40)).join('\n')).toMatch(/ ms, its ttl is /);
}, 180_000);
