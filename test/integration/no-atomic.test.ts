// A host without atomic pushes (protocol 5): the task ref first, then the claim; never two holders.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, closeAgents, codeOf, openAgent, taskNotes, tenures } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { git, makeBareRepo, makeClone, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let bare: string;
let agents: Agent[];
beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  await git(['config', 'receive.advertiseAtomic', 'false'], { cwd: bare });
  agents = [];
  for (const agent of ['agent-a', 'agent-b', 'agent-c']) {
    const clone = await makeClone(bare, join(scratch.dir, agent));
    await git(['config', 'coord.daemon', 'off'], { cwd: clone });
    const { status, stderr } = await cliJson(['init', '--remote', 'origin', '--yes'], { cwd: clone });
    expect(status, stderr).toBe(0);
    agents.push(await openAgent(clone, { agent }));
  }
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

test('init found it out', () => {
  expect(agents.map(({ app }) => app.context.profile.atomic)).toEqual([false, false, false]);
});

test('races: one holder each, and its operations go on', { timeout: 120_000 }, async () => {
  for (const task of ['one', 'two', 'three']) {
    const codes = await Promise.all(agents.map(({ book }) => codeOf(book.claim(task))));
    expect([...codes].sort(), task).toEqual(['held', 'held', 'ok']);
    const winner = agents[codes.indexOf('ok')] as Agent;
    await winner.book.progress(task, 'half', 50);
    expect((await winner.book.release(task)).state).toBe('open');
    // the claim ref holds a released record, which is read as free
    const other = agents.find((agent) => agent !== winner) as Agent;
    expect((await other.book.claim(task)).via).toBe('free');
    expect((await other.book.done(task)).state).toBe('done');
    expect((await tenures(bare, task)).map((tenure) => tenure.split(' ')[0])).toEqual(['1', '2']);
    expect((await taskNotes(bare, task)).map(({ op }) => op)).toEqual(['done', 'claim', 'release', 'claim']);
  }
});

test('a claim whose second push never came is held, and put back by its holder', async () => {
  const [a, b] = agents as [Agent, Agent];
  await a.book.claim('build');
  await git(['update-ref', '-d', 'refs/claims/build'], { cwd: bare });
  expect(await codeOf(b.book.claim('build'))).toBe('held');
  expect((await a.book.claim('build')).via).toBe('already-mine');
  expect(await git(['for-each-ref', '--format=%(refname)', 'refs/claims/build'], { cwd: bare })).not.toBe('');
});
