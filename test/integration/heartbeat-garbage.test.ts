// Heartbeats leave no garbage (protocol 7): 2,000 of them on one claim, its agent's record included, leave the objects of
// two cycles. And an observer that looks once an hour never takes a claim whose beats come round (trap 37).
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepClaims } from '../../src/coordinator/keep-claims.ts';
import { sweep } from '../../src/coordinator/sweep.ts';
import { closeAgents, codeOf, countObjects, handClock, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

const beats = process.env.COORD_TEST_FULL === '1' ? 2000 : 200;
/** Claim and agent cycle through 64 values each. */
const objectsOfCyclesMax = 128;
const ttlMs = 20_000;

let scratch: Scratch;
let bare: string;
let book: string;
beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  book = await makeBook(bare, bare);
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

async function agentWith(agent: string, clock: ReturnType<typeof handClock>) {
  return openAgent(await joinBook(bare, join(scratch.dir, agent), book), { agent, clock });
}

test(`${beats} heartbeats leave at most ${objectsOfCyclesMax} objects and a handful`, { timeout: 900_000 }, async () => {
  const clock = handClock();
  const holder = await agentWith('agent-a', clock);
  await holder.book.claim('build', { ttlMs });
  const before = await countObjects(bare);
  const interval = holder.app.context.intervalMs(ttlMs);
  for (let beat = 1; beat <= beats; beat++) {
    clock.pass(interval);
    const { beaten } = await keepClaims(holder.app.context, () => false);
    expect(beaten.get('build'), `beat ${beat}`).toBe('renewed');
    if (beat % 60 === 0) await holder.book.renew(['build']);
  }
  expect((await countObjects(bare)) - before).toBeLessThanOrEqual(objectsOfCyclesMax + 8);
  const packs = await git(['count-objects', '-v'], { cwd: bare });
  expect(packs).toMatch(/^packs: 0$/m);
  expect((await holder.book.done('build')).state).toBe('done');
});

test('who looks once an hour never takes a live claim', { timeout: 120_000 }, async () => {
  const clock = handClock();
  const holder = await agentWith('agent-a', clock);
  const visitor = await agentWith('agent-b', clock);
  const { task } = await holder.book.claim('build', { ttlMs });
  const interval = holder.app.context.intervalMs(ttlMs);
  const seen = new Set<string>();
  for (let hour = 0; hour < 3; hour++) {
    // a whole cycle, to the very same beat: the oid that was seen an hour ago is there again
    for (let beat = 0; beat < 64; beat++) {
      clock.pass(interval);
      expect((await keepClaims(holder.app.context, () => false)).beaten.get('build')).toBe('renewed');
    }
    seen.add(await git(['rev-parse', 'refs/claims/build'], { cwd: bare }));
    expect((await sweep(visitor.app.context, visitor.book.who)).expired).toEqual([]);
    expect(await codeOf(visitor.book.claim('build'))).toBe('held');
  }
  expect(seen.size, 'the beats come round').toBe(1);
  expect((await holder.book.show('build')).term).toBe(task.term);
});
