// What tasks need, waiting for them, and pauses: by agents with clones of their own, on a real remote.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run as runBlocked } from '../../src/cli/blocked.ts';
import type { Context } from '../../src/cli/frame/context.ts';
import { findCommand } from '../../src/cli/frame/help.ts';
import { parseCommand, splitCommandLine } from '../../src/cli/frame/parse.ts';
import { makeStyle } from '../../src/cli/frame/style.ts';
import { settleNeeds } from '../../src/coordinator/settle-needs.ts';
import { sweep } from '../../src/coordinator/sweep.ts';
import { transition } from '../../src/coordinator/transition.ts';
import { decideNeeds } from '../../src/domain/decide-edit.ts';
import { type Agent, closeAgents, codeOf, errorOf, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let bare: string;
let anna: Agent;
let ben: Agent;
const dirOf = (name: string) => join(scratch.dir, name);
const env = (name: string) => ({ COORD_AGENT: name, COORD_SESSION: `s-${name}`, COORD_POLL_INTERVAL: '100ms' });

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(dirOf('remote.git'));
  const id = await makeBook(bare, bare);
  const join = async (agent: string) =>
    openAgent(await joinBook(bare, dirOf(agent), id), { agent, env: { COORD_POLL_INTERVAL: '100ms' } });
  anna = await join('anna');
  ben = await join('ben');
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

const cli = (agent: string, ...args: string[]) => cliJson(args, { cwd: dirOf(agent), env: env(agent) });
const add = (id: string, needs: string[] = [], more: object = {}) => anna.book.add({ id, title: id, needs, ...more });
const stateOf = async (id: string) => (await ben.book.show(id)).state;
const tipOf = (id: string) => git(['rev-parse', `refs/board/${id}`], { cwd: bare });

test('circles are refused by name, whichever way they would come about, and change nothing', async () => {
  await add('c', ['a']);
  const forward = await errorOf(add('a', ['b', 'c']));
  expect([forward?.code, forward?.data]).toEqual(['usage', { circle: ['a', 'c', 'a'] }]);
  await add('a', ['b']);
  await add('b');
  const before = await tipOf('b');
  for (const call of [ben.book.changeNeeds('b', { add: ['c'] }), ben.book.edit('b', { needs: ['x', 'c'] })]) {
    const error = await errorOf(call);
    expect(error?.message).toBe('b would need itself: b needs c needs a needs b');
  }
  expect(await codeOf(ben.book.changeNeeds('b', { add: ['b'] }))).toBe('usage');
  expect(await tipOf('b')).toBe(before);
});

test('who lacks the skill for all that is ready is told so, and of needs that nobody knows', async () => {
  const added = await cli('anna', 'add', 'A', '--id', 'a', '--needs', 'b', '--requires', 'cobol');
  expect([added.status, added.stderr]).toEqual([0, expect.stringContaining('there is no task b yet')]);
  expect((await cli('anna', 'add', 'B', '--id', 'b', '--requires', 'cobol')).stderr).not.toContain('there is no task');
  const none = await cli('ben', 'claim', '--next');
  expect([none.status, none.error]).toMatchObject([7, { data: { lacking: ['cobol'] } }]);
});

test('needs that two add at the same time are both there; what is taken away is gone', async () => {
  for (const id of ['a', 'b', 'c', 'd']) await add(id);
  await Promise.all([anna.book.changeNeeds('d', { add: ['a', 'b'] }), ben.book.changeNeeds('d', { add: ['c'] })]);
  expect((await ben.book.show('d')).needs.sort()).toEqual(['a', 'b', 'c']);
  expect((await ben.book.changeNeeds('d', { remove: ['a', 'nowhere'] })).needs.sort()).toEqual(['b', 'c']);
});

test('blocked says why, and the way out; one that is taken opens it', async () => {
  for (const id of ['gone', 'late']) await add(id, [], { retryLimit: 0 });
  await add('task', ['gone', 'late', 'nowhere']);
  await anna.book.cancel('gone');
  const blocked = async () => (await cli('ben', 'blocked')).data.tasks;
  const [{ id, because }] = await blocked();
  expect([id, because]).toEqual([
    'task',
    [
      { text: 'needs gone (cancelled)', next: ['git coord retry gone', 'git coord dep rm task gone'] },
      { text: 'needs late (open)', next: [] },
      {
        text: "needs nowhere, which doesn't exist",
        next: ['git coord add "…" --id nowhere', 'git coord dep rm task nowhere'],
      },
    ],
  ]);
  expect((await cli('ben', 'dep', 'rm', 'task', 'gone', 'nowhere')).data.needs).toEqual(['late']);
  await anna.book.claim('late');
  await anna.book.done('late');
  expect(await blocked()).toEqual([]);
  expect((await ben.book.next()).task.id).toBe('task');
});

test('on a narrow terminal the way out is whole: it is there to be typed', async () => {
  await add('checkout-in-two-steps', ['payments-that-time-out']);
  const line = splitCommandLine(['blocked']);
  const context = {
    ...{ argv: ['blocked'], env: { ...process.env, ...env('anna') }, cwd: dirOf('anna'), agent: undefined },
    ...{ terminal: { isTty: true, columns: 40, color: false }, style: makeStyle(false), json: false, warn: () => {} },
  } as unknown as Context;
  const { parsed } = parseCommand(findCommand('blocked'), line.after, line.flags);
  const { text } = await runBlocked(context, parsed);
  expect(text).toContain('git coord dep rm checkout-in-two-steps payments-that-time-out\n');
});

test('a circle that came about all the same, as of two at once, is named with its way out', async () => {
  await add('a', ['b']);
  await add('b');
  // as one who had not seen yet what a needs
  const { context } = ben.app;
  const decide = ({ seen }: Parameters<Parameters<typeof transition>[1]['decide']>[0]) =>
    decideNeeds(seen, { add: ['a'] });
  await transition(context, { id: 'b', who: ben.book.who, command: 'dep', decide });
  const { tasks } = (await cli('anna', 'blocked')).data;
  const says = tasks.map(({ id, because }: { id: string; because: object[] }) => [id, because[0]]);
  expect(Object.fromEntries(says)).toEqual({
    a: { text: 'needs itself: a needs b needs a', next: ['git coord dep rm a b'] },
    b: { text: 'needs itself: b needs a needs b', next: ['git coord dep rm b a'] },
  });
  expect((await cli('anna', 'dep', 'rm', 'b', 'a')).status).toBe(0);
  expect((await ben.book.next()).task.id).toBe('b');
});

test('what is to be skipped when a need fails is cancelled once, by whoever notices first, and what needs it too', async () => {
  await add('root', [], { retryLimit: 0 });
  await add('skip', ['root'], { onNeedFailed: 'skip' });
  await add('skip-too', ['skip'], { onNeedFailed: 'skip' });
  await add('stays', ['skip']);
  await anna.book.claim('root');
  await anna.book.fail('root', 'broken');
  const agents = [anna, ben, anna, ben, anna, ben];
  const looks = await Promise.all(agents.map(({ app, book }) => sweep(app.context, book.who)));
  expect(looks.flatMap(({ skipped }) => skipped).sort()).toEqual(['skip', 'skip-too']);
  expect(await ben.book.show('skip')).toMatchObject({
    state: 'cancelled',
    error: { code: 'need-failed', message: 'it needs root, which is failed' },
  });
  for (const id of ['skip', 'skip-too']) {
    const { entries } = await ben.book.log(id);
    expect(entries.map(({ op }) => op)).toEqual(['cancel', 'add']);
  }
  expect(await stateOf('stays')).toBe('open');
});

test('one whose need was opened again meanwhile is not skipped', async () => {
  await add('root', [], { retryLimit: 0 });
  await add('skip', ['root'], { onNeedFailed: 'skip' });
  await anna.book.claim('root');
  await anna.book.fail('root', 'broken');
  const seen = await ben.book.list();
  await anna.book.retry('root');
  expect(await settleNeeds(ben.app.context, ben.book.who, seen)).toEqual({ skipped: [], joined: [] });
  expect(await stateOf('skip')).toBe('open');
});

test('wait: until all are over, or one; a bad end and a timeout are failures that come with the tasks', async () => {
  for (const id of ['a', 'b', 'never']) await add(id, [], { retryLimit: 0 });
  await anna.book.claim('a');
  const all = cli('ben', 'wait', 'a', 'b');
  const first = await cli('ben', 'wait', 'b', 'never', '--timeout', '100ms');
  expect([first.status, first.error?.code]).toEqual([7, 'not-ready']);
  expect(first.data.tasks.map(({ state }: { state: string }) => state)).toEqual(['open', 'open']);
  await anna.book.done('a', { n: 1 });
  const any = await cli('ben', 'wait', '--any', 'never', 'a');
  expect([any.status, any.data.tasks[1].result]).toEqual([0, { n: 1 }]);
  await anna.book.claim('b');
  await anna.book.fail('b', 'no luck');
  expect(await all).toMatchObject({ status: 7, error: { message: 'b is failed: no luck' } });
  expect((await cli('ben', 'wait', 'nowhere')).status).toBe(3);
});

test('wait skips what will never come to be', async () => {
  await add('root');
  await add('skip', ['root'], { onNeedFailed: 'skip' });
  await anna.book.cancel('root');
  const { tasks, isOver } = await ben.book.waitFor(['skip']);
  expect([isOver, tasks[0]?.state]).toEqual([true, 'cancelled']);
});

test('a pause holds for what is added later, for names too; what is held goes on', async () => {
  await add('held');
  await anna.book.claim('held');
  await Promise.all([anna.book.pause(['ui']), ben.book.pause(['db', 'ops'])]);
  await add('later', [], { labels: ['ui'] });
  await add('free');
  expect(await codeOf(ben.book.claim('later', { force: true }))).toBe('not-ready');
  expect((await ben.book.next()).task.id).toBe('free');
  expect(await anna.book.pause()).toMatchObject({ paused: true, changed: true });
  expect((await cli('ben', 'status')).data.queue.labels.sort()).toEqual(['db', 'ops', 'ui']);
  expect((await anna.book.done('held')).state).toBe('done');
  await ben.book.done('free');
  await add('now');
  expect(await codeOf(ben.book.next())).toBe('not-ready');
  expect((await cli('anna', 'resume')).data).toMatchObject({ paused: false, changed: true });
  expect((await ben.book.next()).task.id).toBe('now');
  const gone = await cli('anna', 'resume', '--label', 'ui,db', '--label', 'ops');
  expect(gone.data).toMatchObject({ labels: [], changed: true });
  expect((await cli('anna', 'resume', '--label', 'ui')).data).toMatchObject({ changed: false });
  expect((await ben.book.next()).task.id).toBe('later');
});

test('a tree draws each task once, with what does not exist', async () => {
  await add('base');
  await add('left', ['base']);
  await add('right', ['base', 'nowhere']);
  await add('top', ['left', 'right']);
  const { data } = await cli('ben', 'dep', 'tree');
  expect(data.roots).toEqual(['top']);
  expect(data.tasks.map(({ id }: { id: string }) => id).sort()).toEqual(['base', 'left', 'right', 'top']);
  expect((await cli('ben', 'dep', 'tree', 'nowhere')).status).toBe(3);
  expect((await cli('ben', 'dep', 'add', 'top')).status).toBe(2);
});
