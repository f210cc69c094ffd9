// A landing that was cut off, seen later: the task is done, the branch is where it was (protocol 8).
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cliJson } from '../helpers/cli.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { git } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let project: Project;
let anna: Agent;
let ben: Agent;
beforeEach(async () => {
  project = await makeProject('path');
  anna = await project.agent('anna');
  ben = await project.agent('ben');
});
afterEach(() => project.close());

const sweep = async (agent: Agent) => (await agent.run('sweep', '--wait', '1ms')).data.landings;
const setMain = (commit: string) => git(['update-ref', 'refs/heads/main', commit], { cwd: project.home });

/** What a server leaves that died after the task had moved. */
async function cutOff(id: string): Promise<{ from: string; commit: string }> {
  expect((await anna.run('claim', id)).status).toBe(0);
  await anna.work(id, id, id);
  const { landed } = (await anna.run('land', id)).data;
  await setMain(landed.from);
  return landed;
}

test('others say so; the clone that landed it puts it right', async () => {
  const { commit } = await cutOff('a');
  expect(await sweep(ben)).toMatchObject([{ id: 'a', standing: 'missing' }]);
  expect(await sweep(anna)).toMatchObject([{ id: 'a', standing: 'repaired' }]);
  expect(await project.main()).toBe(commit);
  expect((await anna.run('show', 'a')).data).toMatchObject({ state: 'done', landed: { commit } });
  for (const agent of [anna, ben]) expect(await sweep(agent)).toEqual([]);
});

test('where the branch went elsewhere meanwhile, the task is open again, with its work on its branch', async () => {
  const { from } = await cutOff('a');
  await ben.git('checkout', '--quiet', '--detach', from);
  await ben.git('commit', '--quiet', '--allow-empty', '--message', 'Meanwhile');
  await ben.git('push', '--quiet', 'origin', 'HEAD:main');
  expect(await sweep(anna)).toMatchObject([{ id: 'a', standing: 'reopened' }]);
  expect((await anna.run('show', 'a')).data).toMatchObject({ state: 'open', error: { code: 'landing-lost' } });
});

test('what was there once, somebody took out; and a squash is no landing', async () => {
  const { from, commit } = await cutOff('a');
  await setMain(commit);
  expect(await sweep(anna)).toEqual([]);
  await setMain(from);
  expect(await sweep(anna)).toEqual([]);
  expect(await project.main()).toBe(from);
  expect((await ben.run('claim', 'b')).status).toBe(0);
  await ben.git('fetch', '--quiet');
  await ben.git('checkout', '--quiet', '--detach', from);
  await ben.work('b', 'b', 'b');
  expect((await ben.run('land', 'b', '--via-branch')).status).toBe(0);
  await ben.git('checkout', '--quiet', '-B', 'main', from);
  await ben.git('merge', '--quiet', '--squash', 'task/b');
  await ben.git('commit', '--quiet', '--message', 'Squashed');
  await ben.git('push', '--quiet', 'origin', 'main');
  expect((await ben.run('sweep', '--wait', '1ms')).data).toMatchObject({ reviews: [{ standing: 'merged' }] });
  expect((await ben.run('show', 'b')).data.state).toBe('done');
  expect((await sweep(ben)).map(({ id }: { id: string }) => id)).toEqual(['a']);
});

test('a branch that is not there for a while says nothing: the next look decides', async () => {
  const { from } = await cutOff('a');
  await git(['update-ref', '-d', 'refs/heads/main'], { cwd: project.home });
  expect(await sweep(ben)).toEqual([]);
  await setMain(from);
  expect(await sweep(ben)).toMatchObject([{ id: 'a', standing: 'missing' }]);
});

test("a clone's daemon does it by itself", async () => {
  const { commit } = await cutOff('a');
  const env = { ...anna.env, COORD_DAEMON: 'auto', COORD_POLL_INTERVAL: '200ms' };
  expect((await cliJson(['claim', 'b'], { cwd: anna.dir, env })).status).toBe(0);
  await waitFor(async () => (await project.main()) === commit, { what: 'main has it', deadlineMs: 30_000 });
  await anna.run('daemon', 'stop');
});
