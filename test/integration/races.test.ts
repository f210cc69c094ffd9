// Eight clones that want the same task at the same moment, on real servers: exactly one gets it, and the remote says who.
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Agent, closeAgents, codeOf, joinBook, makeBook, openAgent, tenures } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { git, makeScratch, type Scratch } from '../helpers/repo.ts';
import { startServer, type TestServer } from '../helpers/servers.ts';

const full = process.env.COORD_TEST_FULL === '1';
const rounds = full ? 50 : 5;
const processRounds = full ? 5 : 1;
const names = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `agent-${n}`);

let server: TestServer;
let scratch: Scratch;
afterEach(async () => {
  await closeAgents();
  await server.stop();
  await scratch.remove();
});

async function joinAll(kind: 'path' | 'http'): Promise<string[]> {
  scratch = await makeScratch();
  server = await startServer(kind);
  const first = join(scratch.dir, 'pusher');
  await git(['init', '--quiet', first], { cwd: scratch.dir });
  const book = await makeBook(server.url, first);
  return Promise.all(names.map((name) => joinBook(server.url, join(scratch.dir, name), book)));
}

const claimedBy = (task: string) =>
  git(['log', '-1', '--format=%H %an', `refs/claims/${task}`], { cwd: server.bareDir });

describe.each(['path', 'http'] as const)('%s', (kind) => {
  test(`${rounds} races of 8 clones for one task`, { timeout: 600_000 }, async () => {
    const clones = await joinAll(kind);
    const agents = await Promise.all(clones.map((clone, n) => openAgent(clone, { agent: names[n] ?? '' })));
    for (let round = 0; round < rounds; round++) await race(agents, round);
  });

  /** A task that is new, or one that was held before and released. */
  async function race(agents: readonly Agent[], round: number): Promise<void> {
    const task = `task-${round - (round % 2)}`;
    const claims = agents.map(({ book }) => book.claim(task));
    const codes = await Promise.all(claims.map((claim) => codeOf(claim)));
    expect([...codes].sort(), `round ${round}`).toEqual([...Array(7).fill('held'), 'ok']);
    const winner = codes.indexOf('ok');
    const { claim } = (await claims[winner]) as Awaited<ReturnType<Agent['book']['claim']>>;
    expect(await claimedBy(task)).toBe(`${claim.oid} ${names[winner]}`);
    expect((await tenures(server.bareDir, task)).length).toBe(1 + (round % 2));
    await agents[winner]?.book.release(task);
  }

  test(`${processRounds} races of 8 processes: one exit 0, the others 4`, { timeout: 600_000 }, async () => {
    const clones = await joinAll(kind);
    for (let round = 0; round < processRounds; round++) {
      const task = `task-${round}`;
      const run = (clone: string, n: number) =>
        cliJson(['claim', task, '--agent', names[n] ?? ''], { cwd: clone, env: { COORD_SESSION: 's' } });
      const answers = await Promise.all(clones.map(run));
      expect(answers.map(({ status }) => status).sort(), JSON.stringify(answers)).toEqual([0, 4, 4, 4, 4, 4, 4, 4]);
      const winner = answers.findIndex(({ ok }) => ok);
      expect(await claimedBy(task)).toBe(`${answers[winner]?.data.claim.oid} ${names[winner]}`);
      for (const { error } of answers.filter(({ ok }) => !ok))
        expect(error?.message).toContain(`held by ${names[winner]}`);
    }
  });

  test('8 clones that take the next of 8 tasks: each a different one', { timeout: 120_000 }, async () => {
    const clones = await joinAll(kind);
    const agents = await Promise.all(clones.map((clone, n) => openAgent(clone, { agent: names[n] ?? '' })));
    for (const name of names) await agents[0]?.book.add({ id: `do-${name}`, title: 'work' });
    const taken = await Promise.all(agents.map(async ({ book }) => (await book.next()).task.id));
    expect([...taken].sort()).toEqual(names.map((name) => `do-${name}`));
  });
});
