// The records of a clone's agents, when there are many of them.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepClaims } from '../../src/coordinator/keep-claims.ts';
import { readAgents } from '../../src/coordinator/read-agents.ts';
import { closeAgents, handClock, makeLocalBook, openAgent } from '../helpers/book.ts';
import { git, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

test('25 agents of one clone: each is registered, and beaten in every interval, in as few pushes as 100 objects allow', async () => {
  const dir = await makeLocalBook(join(scratch.dir, 'shop'));
  const clock = handClock();
  const names = Array.from({ length: 25 }, (_, n) => `agent-${n}`);
  for (const agent of names)
    await (await openAgent(dir, { agent, clock })).book.claim(`task-of-${agent}`, { ttlMs: 20_000 });
  const { app } = await openAgent(dir, { agent: 'daemon', clock });
  const records = async () =>
    new Map(
      (await git(['for-each-ref', '--format=%(refname:lstrip=2) %(objectname)', 'refs/agents/'], { cwd: dir }))
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
  let pushes = 0;
  const context = { ...app.context, pushed: () => void pushes++ };
  const round = async () => {
    pushes = 0;
    clock.pass(10_000);
    const before = await records();
    await keepClaims(context, () => false);
    const now = await records();
    return [...now].filter(([agent, oid]) => before.get(agent) !== oid).map(([agent]) => agent);
  };
  for (const _ of [1, 2]) {
    expect((await round()).sort()).toEqual(names.toSorted());
    expect(pushes).toBe(1);
  }
  // as after an update that lost them: all of them are news
  for (const agent of names) {
    app.context.agents.remove(agent);
    await git(['update-ref', '-d', `refs/agents/${agent}`], { cwd: dir });
  }
  expect((await round()).sort()).toEqual(names.toSorted());
  expect(pushes).toBe(3);
  expect((await readAgents(app.context)).map(({ tasks }) => tasks.length)).toEqual(names.map(() => 1));
});

test('without a daemon a claim writes the record of its own agent, and no other: those who claim at once undo nothing', async () => {
  const dir = await makeLocalBook(join(scratch.dir, 'shop'));
  const clock = handClock();
  const agents = await Promise.all(['a', 'b', 'c'].map((name) => openAgent(dir, { agent: `agent-${name}`, clock })));
  const oidOf = (agent: string) => git(['rev-parse', `refs/agents/${agent}`], { cwd: dir });
  for (const { app, book } of agents) await book.claim(`first-of-${app.who.agent}`, { ttlMs: 20_000 });
  const before = await oidOf('agent-c');
  clock.pass(15_000);
  await Promise.all(agents.slice(0, 2).map(({ app, book }) => book.claim(`second-of-${app.who.agent}`)));
  expect(await oidOf('agent-c')).toBe(before);
  const [one] = agents;
  const tasks = new Map(
    (await readAgents((one as (typeof agents)[0]).app.context)).map((agent) => [agent.id, agent.tasks]),
  );
  expect(tasks.get('agent-a')).toEqual(['first-of-agent-a', 'second-of-agent-a']);
  expect(tasks.get('agent-b')).toEqual(['first-of-agent-b', 'second-of-agent-b']);
});
