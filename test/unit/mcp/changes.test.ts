import { expect, test } from 'vitest';
import { Changes, changedBy } from '../../../src/mcp/changes.ts';
import type { Watching } from '../../../src/mcp/commands.ts';

const event = (type: string, more = {}) => ({
  type,
  by: 'ben',
  task: type.startsWith('task.') ? 'api' : null,
  data: {},
  ...more,
});
const task = ['coord://tasks', 'coord://tasks/api'];
const agent = ['coord://agents', 'coord://agents/ben'];

test.each([
  ['a new task', event('task.add'), task, true],
  ['a task that a claim made', event('task.claim', { data: { title: 'x' } }), task, true],
  ['a claim', event('task.claim'), task, false],
  ['an edit', event('task.edit', { data: { title: 'x' } }), task, false],
  ['an end', event('task.done'), task, true],
  ['a new try', event('task.retry'), task, true],
  ['a new agent', event('agent.registered'), agent, true],
  ['another status', event('agent.status', { task: 'api' }), agent, false],
  ['an event of their own', event('deploy.done'), [], false],
])('%s', (_what, happened, uris, isListed) => {
  expect(changedBy(happened)).toEqual({ uris, isListed });
});

test('a watch that could not begin, or that has ended, is begun anew', async () => {
  const begun: Watching[] = [];
  let end = () => {};
  let fails = true;
  const watch = async (request: Watching) => {
    begun.push(request);
    if (fails) throw new Error('no book');
    request.onBegin();
    await new Promise<void>((resolve) => {
      end = resolve;
    });
  };
  const changes = new Changes(
    { run: async () => ({ data: null }), watch },
    { listChanged: () => {}, updated: () => {} },
  );
  await expect(changes.begin()).rejects.toThrow('no book');
  fails = false;
  await changes.begin();
  await changes.begin();
  expect(begun).toHaveLength(2);
  end();
  await new Promise(setImmediate);
  await changes.begin();
  expect(begun).toHaveLength(3);
});

test('a remote that is away keeps nobody waiting, and what was missed meanwhile is told once it is back', async () => {
  const told: string[] = [];
  let request: Watching | undefined;
  const watch = (watching: Watching) => {
    request = watching;
    watching.onAway();
    return new Promise<void>(() => {});
  };
  const listener = { listChanged: () => void told.push('list'), updated: (uri: string) => void told.push(uri) };
  const changes = new Changes({ run: async () => ({ data: null }), watch }, listener);
  await changes.begin();
  changes.subscribe('coord://tasks/api');
  expect(told).toEqual([]);
  request?.onBegin();
  expect(told).toEqual(['coord://tasks/api', 'list']);
});
