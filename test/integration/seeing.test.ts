// Who is there and what they have done, as a clone of a real remote sees it.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventTips } from '../../src/coordinator/new-events.ts';
import { liveAgents, readAgents } from '../../src/coordinator/read-agents.ts';
import { sweep } from '../../src/coordinator/sweep.ts';
import { type Agent, closeAgents, handClock, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let clock: ReturnType<typeof handClock>;
let anna: Agent;
let ben: Agent;
const dirOf = (name: string) => join(scratch.dir, name);

beforeEach(async () => {
  scratch = await makeScratch();
  clock = handClock();
  const bare = await makeBareRepo(dirOf('remote.git'));
  const id = await makeBook(bare, bare);
  const open = async (agent: string, skills: string) => {
    const clone = await joinBook(bare, dirOf(agent), id);
    return openAgent(clone, { agent, clock, env: { COORD_AGENTS_SPECIALIZATIONS: skills } });
  };
  anna = await open('anna', 'testing,docs');
  ben = await open('ben', 'testing');
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

const cli = (...args: string[]) =>
  cliJson(args, { cwd: dirOf('anna'), env: { COORD_AGENT: 'anna', COORD_SESSION: 's-anna' } });
const seen = async () => {
  const agents = liveAgents(await readAgents(anna.app.context), (await anna.book.list()).tasks);
  return Object.fromEntries(agents.map(({ id, status, tasks }) => [id, `${status} ${tasks.join(' ')}`.trim()]));
};

test('an agent at work that has not moved for the lease of what it holds is offline; one with a longer lease is not', async () => {
  await anna.book.claim('a');
  await anna.book.done('a');
  await ben.book.claim('b', { ttlMs: 30_000 });
  expect(await seen()).toEqual({ anna: 'available', ben: 'busy b' });
  await anna.book.claim('c', { ttlMs: 60_000 });
  for (const passMs of [25_000, 5000]) {
    clock.pass(passMs);
    expect(await seen()).toMatchObject({ ben: 'busy b' });
  }
  clock.pass(1500);
  expect(await seen()).toMatchObject({ anna: 'busy c', ben: 'offline b' });
  const agents = async (...options: string[]) =>
    (await cli('agents', ...options)).data.agents.map(({ id }: { id: string }) => id);
  expect(await agents()).toEqual(['anna', 'ben']);
  expect(await agents('--can', 'testing,docs')).toEqual(['anna']);
  expect(await agents('--available', '--can', 'testing')).toEqual(['anna', 'ben']);
});

test('whose tasks were taken over has none any more, whatever its record says', async () => {
  for (const id of ['x', 'y', 'z']) await anna.book.claim(id, { ttlMs: id === 'z' ? 60_000 : 20_000 });
  expect(await seen()).toEqual({ anna: 'busy x y z' });
  clock.pass(10_000);
  await ben.book.claim('y', { force: true });
  expect(await seen()).toEqual({ anna: 'busy x z', ben: 'busy y' });
  await ben.book.claim('x', { force: true });
  await ben.book.claim('z', { force: true });
  expect(await seen()).toEqual({ anna: 'available', ben: 'busy x y z' });
  clock.pass(10_900);
  expect(await seen()).toMatchObject({ anna: 'offline' });
  const shown = async (command: string) =>
    (await cli(command)).data.agents.map((agent: { id: string; tasks: string[] }) => [agent.id, agent.tasks]);
  for (const command of ['agents', 'status'])
    expect(await shown(command)).toEqual([
      ['anna', []],
      ['ben', ['x', 'y', 'z']],
    ]);
});

test("what a sweeper's look shows is all of the book: others' agents as they are, how fresh they are, and what they told", async () => {
  const look = async () => {
    const startedMs = anna.app.context.clock.bootMs();
    await sweep(anna.app.context, anna.app.who);
    anna.app.fresh.readWhole(startedMs);
    // what a command of this clone is shown, without asking the remote again
    const shown = await anna.app.recent();
    if (shown === null) throw new Error('nothing recent');
    const agents = liveAgents(await readAgents(shown), (await anna.book.list()).tasks);
    const tips = await eventTips(shown.store);
    return {
      agents: agents.map(({ id, status, observed }) => `${id} ${status} ${observed.ageMs}`),
      tell: [...tips.keys()].filter((ref) => ref.startsWith('refs/events/')),
    };
  };
  await anna.book.claim('a');
  expect(await look()).toEqual({ agents: ['anna busy 0'], tell: ['refs/events/anna'] });
  await ben.book.claim('b');
  expect(await look()).toEqual({
    agents: ['anna busy 0', 'ben busy 0'],
    tell: ['refs/events/anna', 'refs/events/ben'],
  });
  clock.pass(5000);
  expect((await look()).agents).toEqual(['anna busy 5000', 'ben busy 5000']);
  await ben.book.claim('c');
  expect((await look()).agents).toEqual(['anna busy 5000', 'ben busy 0']);
});

test('what agents have done, from the logs', async () => {
  await anna.book.add({ id: 'a', title: 'a', type: 'docs' });
  await anna.book.claim('a');
  await anna.book.fail('a', 'no luck');
  await anna.book.retry('a');
  await ben.book.claim('a');
  await ben.book.done('a');
  await ben.book.claim('b');
  const { rows } = (await cli('stats')).data;
  const brief = rows.map((row: Record<string, unknown>) => [
    row.agent,
    row.type,
    row.succeeded,
    row.failed,
    row.recoveries,
  ]);
  expect(brief).toEqual([
    ['anna', 'docs', 0, 1, 0],
    ['ben', 'docs', 1, 0, 1],
  ]);
  expect((await cli('stats', '--agent', 'ben', '--type', 'code')).data.rows).toEqual([]);
  expect(await ben.book.stats()).toEqual(rows);
});
