// `git coord mcp` under the official SDK's client: the tools do what the commands do, and refuse what they refuse.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeLocalBook } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { closeClients, connectMcp, type McpClient } from '../helpers/mcp.ts';
import { git, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let clone: string;
beforeEach(async () => {
  scratch = await makeScratch();
  clone = await makeLocalBook(join(scratch.dir, 'clone'));
});
afterEach(async () => {
  await closeClients();
  await scratch.remove();
});

const envOf = (agent: string) => ({ COORD_AGENT: agent, COORD_SESSION: `s-${agent}` });
const connect = (agent: string): Promise<McpClient> => connectMcp(clone, envOf(agent));
const cli = (agent: string, ...args: string[]) => cliJson(args, { cwd: clone, env: envOf(agent) });

test('a task from its addition to its end', async () => {
  const { call } = await connect('anna');
  const added = await call('add', {
    title: 'Build the API',
    id: 'api',
    priority: 5,
    labels: ['x', 'y'],
    payload: { a: 1 },
  });
  expect(added.data).toMatchObject({ id: 'api', priority: 5, labels: ['x', 'y'], payload: { a: 1 }, created: true });
  await call('add', {
    title: 'Other',
    id: 'other',
    needs: ['api'],
    timeoutMs: 60_000,
    retryLimit: 0,
    onNeedFailed: 'skip',
  });
  const ids = async (args = {}) => (await call('ready', args)).data.tasks.map(({ id }: { id: string }) => id);
  expect([await ids(), await ids({ label: ['x'] }), await ids({ label: ['z'] })]).toEqual([['api'], ['api'], []]);
  expect((await call('claim')).data).toMatchObject({ via: 'free', task: { id: 'api', claim: { mine: true } } });
  expect((await call('progress', { id: 'api', text: '--half', percent: 50 })).data.progress).toMatchObject({
    text: '--half',
    percent: 50,
  });
  expect((await call('done', { id: 'api', result: { tests: 12 }, next: true })).data).toMatchObject({
    ...{ state: 'done', result: { tests: 12 } },
    next: { task: { id: 'other', timeoutMs: 60_000, retryLimit: 0 } },
  });
  expect((await call('status')).data).toMatchObject({
    agent: 'anna',
    session: 's-anna',
    tasks: { done: 1, claimed: 1 },
  });
  expect((await call('release', { id: 'other' })).data).toMatchObject({ state: 'open' });
  await call('claim', { id: 'other' });
  expect((await call('fail', { id: 'other', reason: 'no schema' })).data).toMatchObject({
    ...{ state: 'failed', error: { message: 'no schema' } },
  });
  expect((await cli('anna', 'show', 'other')).data).toMatchObject({ state: 'failed', error: { message: 'no schema' } });
});

test('prime is the page that the command prints', async () => {
  const { call } = await connect('anna');
  await call('claim', { id: 'api' });
  const { text, data } = await call('prime');
  expect(data).toEqual({ text });
  expect(text).toBe((await cli('anna', 'prime')).data.text);
  expect(text).toMatch(/You are agent anna, session s-anna\.[\s\S]*- api, term 1/);
  await git(['config', '--unset', 'coord.book'], { cwd: clone });
  expect((await call('prime')).error?.code).toBe('not-found');
});

test('events are told and listed', async () => {
  const { call } = await connect('anna');
  expect((await call('events', { publish: { type: 'deploy.done', data: { host: 'a' } } })).data).toMatchObject({
    sent: true,
  });
  await call('events', { publish: { type: 'deploy.begun' } });
  const { events } = (await call('events', { types: ['deploy.d*'], by: 'anna', limit: 5 })).data;
  expect(events).toMatchObject([{ type: 'deploy.done', by: 'anna', data: { host: 'a' } }]);
});

const nowhere = '/nonexistent/nowhere';
const timeless = (error: unknown) => JSON.parse(JSON.stringify(error).replace(/about \d+ s/, 'about so long'));

test('what is refused is refused as by the command', async () => {
  await cli('ben', 'claim', 'taken');
  await cli('ben', 'progress', 'taken', 'half');
  await cli('ben', 'add', 'Free', '--id', 'free', '--type', 'external');
  const { call } = await connect('anna');
  const calls: [tool: string, args: Record<string, unknown>, typed: string[]][] = [
    ['claim', { id: 'taken' }, ['claim', 'taken']],
    ['claim', { id: 'no-such', create: false }, ['claim', 'no-such', '--no-create']],
    ['claim', { type: ['none'] }, ['claim', '--next', '--type', 'none']],
    ['claim', { id: 'a/b' }, ['claim', 'a/b']],
    ['done', { id: 'taken' }, ['done', 'taken']],
    ['release', { id: 'free' }, ['release', 'free']],
    ['progress', { id: 'no-such', text: 'x' }, ['progress', 'no-such', 'x']],
    ['add', { id: 'free', title: 'Something else' }, ['add', 'Something else', '--id', 'free']],
    ['add', { title: ' ' }, ['add', ' ']],
    ['land', { id: 'free', dir: nowhere }, ['-C', nowhere, 'land', 'free']],
    ['events', { publish: { type: 'task.done' } }, ['events', 'publish', 'task.done', 'null']],
  ];
  for (const [tool, args, typed] of calls) {
    const [answer, typedAnswer] = [await call(tool, args), await cli('anna', ...typed)];
    expect(typedAnswer.ok, typed.join(' ')).toBe(false);
    expect([answer.isError, timeless(answer.error)], typed.join(' ')).toEqual([true, timeless(typedAnswer.error)]);
  }
  expect((await call('show', { id: '--json' })).error?.code).toBe('bad-id');
});

test('outside of a book each call says what to type, and the server goes on', async () => {
  await git(['config', '--unset', 'coord.book'], { cwd: clone });
  const { call, client } = await connect('anna');
  expect((await call('ready')).error).toMatchObject({ code: 'not-found', next: ['git coord init'] });
  await expect(client.listResources()).rejects.toMatchObject({ code: -32_002, data: { next: ['git coord init'] } });
  expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(['next', 'handoff', 'land']);
});

test('a warning of the command stands beside the answer', async () => {
  const { call } = await connect('anna');
  expect((await call('add', { title: 'Late', needs: ['nobody'] })).warnings).toEqual(['there is no task nobody yet']);
});

test('wrong arguments are named, with those that there are', async () => {
  const { call, client } = await connect('anna');
  const calls: [tool: string, args: Record<string, unknown>, says: RegExp][] = [
    ['show', {}, /show was called wrongly: id: .*string/],
    ['show', { id: 7 }, /id: .*string/],
    ['show', { id: 'a', all: true }, /"all"/],
    ['progress', { id: 'a', text: 'x', percent: 101 }, /percent: .*100/],
    ['ready', { limit: 0 }, /limit: .*1/],
    ['ready', { label: 'x' }, /label: .*array/],
    ['add', { title: 'a', priority: 1.5 }, /priority: .*int/],
    ['events', { publish: {} }, /publish.type: .*string/],
  ];
  for (const [tool, args, says] of calls) {
    const { isError, error } = await call(tool, args);
    expect([isError, error?.code, error?.next]).toEqual([true, 'usage', [`git coord help ${tool}`]]);
    expect(error?.message).toMatch(says);
    expect(error?.hint).toMatch(/^It takes .*\.$/);
  }
  await expect(client.callTool({ name: 'claims' })).rejects.toMatchObject({ code: -32_602 });
});

test('calls that write go in turn, those that look do not wait for them', async () => {
  const { call } = await connect('anna');
  const names = ['a', 'b', 'c', 'd'];
  const answers = await Promise.all(names.flatMap((id) => [call('claim', { id }), call('status')]));
  expect(answers.filter(({ isError }) => isError)).toEqual([]);
  expect((await call('status')).data.claims.map(({ task }: { task: string }) => task).sort()).toEqual(names);
});

test('few tools, each with a schema for what it takes and gives, few bytes to read', async () => {
  const { client } = await connect('anna');
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).sort()).toEqual(
    [
      'add',
      'claim',
      'done',
      'events',
      'fail',
      'land',
      'prime',
      'progress',
      'ready',
      'release',
      'show',
      'status',
    ].sort(),
  );
  for (const { name, inputSchema, outputSchema, annotations } of tools) {
    expect([name, inputSchema.type, outputSchema?.type]).toEqual([name, 'object', 'object']);
    expect(annotations?.readOnlyHint).toBe(['prime', 'ready', 'show', 'status'].includes(name));
  }
  const read = tools.map(({ name, description, inputSchema }) => JSON.stringify({ name, description, inputSchema }));
  expect(read.join('').length).toBeLessThan(8000);
});
