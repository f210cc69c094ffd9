// Heartbeats leave no garbage (protocol 7): 2,000 of them on one claim, its agent's record included, leave the objects of
// two cycles. And who looks now and then never takes a claim whose beats come round (trap 37).
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepClaims } from '../../src/coordinator/keep-claims.ts';
import { sweep } from '../../src/coordinator/sweep.ts';
import { closeAgents, codeOf, countObjects, handClock, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

const full = process.env.COORD_TEST_FULL === '1';
const beats = full ? 2000 : 200;
/** A whole number of cycles: who looks then finds the very beat that it saw before. Nearly an hour, or 7 minutes. */
const beatsBetweenLooks = full ? 512 : 64;
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

test(`${beats} heartbeats: no garbage, and who looks now and then takes nothing`, { timeout: 900_000 }, async () => {
  const clock = handClock();
  const holder = await agentWith('agent-a', clock);
  const visitor = await agentWith('agent-b', clock);
  await holder.book.add({ id: 'build', title: 'Build', timeoutMs: 24 * 3_600_000 });
  const { task } = await holder.book.claim('build', { ttlMs });
  const before = await countObjects(bare);
  const interval = holder.app.context.intervalMs(ttlMs);
  const seen = new Set<string>();
  for (let beat = 1; beat <= beats; beat++) {
    clock.pass(interval);
    const { beaten } = await keepClaims(holder.app.context, () => false);
    expect(beaten.get('build'), `beat ${beat}`).toBe('renewed');
    if (beat % beatsBetweenLooks !== 0) continue;
    seen.add(await git(['rev-parse', 'refs/claims/build'], { cwd: bare }));
    expect((await sweep(visitor.app.context, visitor.book.who)).expired).toEqual([]);
    expect(await codeOf(visitor.book.claim('build'))).toBe('held');
  }
  expect(seen.size, 'the beats come round').toBe(1);
  expect((await countObjects(bare)) - before).toBeLessThanOrEqual(objectsOfCyclesMax + 8);
  expect(await git(['count-objects', '-v'], { cwd: bare })).toMatch(/^packs: 0$/m);
  const done = await holder.book.done('build');
  expect([done.state, done.term]).toEqual(['done', task.term]);
});
