// Finished tasks leave the board for the archive: by agents with clones of their own, on a real remote.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exportTasks } from '../../src/coordinator/export-tasks.ts';
import { settlePending } from '../../src/coordinator/settle-pending.ts';
import { sweep } from '../../src/coordinator/sweep.ts';
import { installServerHooks } from '../../src/hooks/server/install-server.ts';
import type { PendingEntry } from '../../src/store/json-ledger.ts';
import { type Agent, closeAgents, codeOf, errorOf, handClock, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { cli, cliJson } from '../helpers/cli.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

const hour = 3_600_000;

let scratch: Scratch;
let bare: string;
let anna: Agent;
let ben: Agent;
let clock: ReturnType<typeof handClock>;
const dirOf = (name: string) => join(scratch.dir, name);

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(dirOf('remote.git'));
  clock = handClock();
  const id = await makeBook(bare, bare);
  const joined = async (agent: string) =>
    openAgent(await joinBook(bare, dirOf(agent), id), { agent, clock, env: { COORD_POLL_INTERVAL: '100ms' } });
  anna = await joined('anna');
  ben = await joined('ben');
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

const boards = async () =>
  (await git(['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/board'], { cwd: bare }))
    .split('\n')
    .filter(Boolean);
const archivedThere = async () =>
  (await git(['ls-tree', '-r', '--name-only', 'refs/archive/board'], { cwd: bare }))
    .split('\n')
    .map((path) => path.slice(3))
    .sort();

async function finish(...ids: string[]): Promise<void> {
  for (const id of ids) {
    await ben.book.add({ id, title: id });
    await ben.book.claim(id);
    await ben.book.done(id, { of: id });
  }
}

/** Seen by an archiver for an hour. */
async function archiveAfterAnHour({ book }: Agent = anna) {
  const before = await book.archive();
  clock.pass(hour);
  const after = await book.archive();
  return [...before.archived, ...after.archived];
}

test('what was finished for an hour goes, stays to be found, and its id is never used again', async () => {
  await finish('a', 'b');
  await anna.book.add({ id: 'open', title: 'open' });
  expect(await anna.book.archive()).toEqual({ archived: [], left: 2 });
  clock.pass(hour - 1);
  expect((await anna.book.archive()).archived).toEqual([]);
  clock.pass(1);
  expect(await anna.book.archive()).toEqual({ archived: ['a', 'b'], left: 0 });
  expect(await boards()).toEqual(['open']);
  expect(await archivedThere()).toEqual(['a', 'b']);
  await git(['fsck', '--strict'], { cwd: bare });
  for (const { book } of [anna, ben]) {
    expect((await book.list()).tasks.map(({ id }) => id)).toEqual(['open']);
    expect(await book.show('a')).toMatchObject({ state: 'done', result: { of: 'a' }, archived: true });
    expect((await book.log('a')).entries.map(({ op }) => op)).toEqual(['done', 'claim', 'add']);
    expect(await book.stats()).toMatchObject([{ agent: 'ben', succeeded: 2 }]);
    expect((await book.waitFor(['a', 'b'])).isOver).toBe(true);
    const exported = (await exportTasks(book.context)).tasks.map(({ id, state }) => [id, state]);
    expect(exported).toEqual([
      ['a', 'done'],
      ['b', 'done'],
      ['open', 'open'],
    ]);
    const taken = [
      () => book.add({ id: 'a', title: 'a' }),
      () => book.claim('a'),
      () => book.edit('a', { priority: 1 }),
      () => book.retry('a'),
    ];
    for (const call of taken) expect(await errorOf(call())).toMatchObject({ code: 'exists', data: { archived: true } });
    const submit = (task: { title: string; needs: string[]; id: string }) =>
      book.submit({ tasks: [task], placeOf: () => 'here', command: 'submit' });
    expect(await submit({ id: 'b', title: 'b', needs: [] })).toEqual({ created: [] });
    expect(await codeOf(submit({ id: 'b', title: 'other', needs: [] }))).toBe('exists');
    expect(await codeOf(book.show('never'))).toBe('not-found');
  }
  const later = [{ id: 'later', title: 'later', needs: ['a'] }];
  await anna.book.submit({ tasks: later, placeOf: () => 'here', command: 'submit' });
  expect(await ben.book.show('later')).toMatchObject({ ready: true });
  expect(await boards()).toEqual(['later', 'open']);
});

test('what needs a task that was cancelled and archived is skipped, if it says so, and a join is done', async () => {
  await anna.book.add({ id: 'off', title: 'off' });
  await anna.book.cancel('off');
  expect(await archiveAfterAnHour()).toEqual(['off']);
  await anna.book.add({ id: 'skips', title: 'skips', needs: ['off'], onNeedFailed: 'skip' });
  await anna.book.add({ id: 'joins', title: 'joins', type: 'join', needs: ['off'] });
  const { skipped, joined } = await sweep(anna.app.context, anna.book.who);
  expect({ skipped, joined }).toEqual({ skipped: ['skips'], joined: ['joins'] });
});

test('whoever had seen it goes on, and what is lost without having been archived is still noticed', async () => {
  await finish('a', 'b');
  await anna.book.add({ id: 'open', title: 'open' });
  await anna.book.list();
  await ben.book.list();
  expect(await archiveAfterAnHour()).toEqual(['a', 'b']);
  expect((await ben.book.claim('open')).via).toBe('free');
  expect((await ben.book.list()).read.wentBack.size).toBe(0);
  await git(['update-ref', '-d', 'refs/board/open'], { cwd: bare });
  expect([...(await ben.book.list()).read.wentBack]).toEqual(['refs/board/open']);
});

test('a repeat of what ended it is answered as before; who had lost it is told so, and nobody can open it again', async () => {
  await finish('done');
  await ben.book.add({ id: 'back', title: 'back' });
  await ben.book.claim('back');
  await ben.book.release('back');
  for (const id of ['off', 'taken']) await ben.book.add({ id, title: id });
  await ben.book.claim('taken');
  for (const id of ['off', 'taken', 'back']) await anna.book.cancel(id);
  const again = {
    done: () => ben.book.done('done', { of: 'another' }),
    back: () => ben.book.release('back'),
    off: () => ben.book.cancel('off'),
  };
  const before = await Promise.all(Object.values(again).map((call) => call()));
  expect((await archiveAfterAnHour()).sort()).toEqual(['back', 'done', 'off', 'taken']);
  for (const [index, call] of Object.values(again).entries())
    expect(await call()).toEqual({ ...before[index], archived: true });
  const lost = await errorOf(ben.book.done('taken'));
  expect([lost?.code, lost?.next]).toEqual(['lost', ['git coord log taken', 'git coord show taken']]);
  for (const call of [() => anna.book.done('done'), () => ben.book.cancel('done'), () => anna.book.renew(['done'])])
    expect(await errorOf(call())).toMatchObject({ code: 'exists', data: { archived: true } });
  const asAnna = { cwd: dirOf('anna'), env: { COORD_AGENT: 'anna', COORD_SESSION: 's-anna' } };
  const cancelled = await cli(['cancel', 'off'], asAnna);
  expect(cancelled.stdout).toBe('off: cancelled\n');
});

test('whoever waits for what was cancelled and archived is told what can still be done', async () => {
  await anna.book.add({ id: 'off', title: 'off' });
  await anna.book.cancel('off');
  expect(await archiveAfterAnHour()).toEqual(['off']);
  await anna.book.add({ id: 'waits', title: 'waits', needs: ['off'] });
  const asAnna = { cwd: dirOf('anna'), env: { COORD_AGENT: 'anna', COORD_SESSION: 's-anna' } };
  const { data } = await cliJson(['blocked'], asAnna);
  const because = [{ text: 'needs off (cancelled, archived)', next: ['git coord dep rm waits off'] }];
  expect(data.tasks).toMatchObject([{ id: 'waits', because }]);
  const waited = await cliJson(['wait', 'off'], asAnna);
  expect([waited.status, waited.error?.next]).toEqual([7, ['git coord show off']]);
});

test('what is needed stays; what needs an archived task is ready', async () => {
  await finish('a', 'b');
  await anna.book.add({ id: 'c', title: 'c', needs: ['a'] });
  expect(await archiveAfterAnHour()).toEqual(['b']);
  await anna.book.add({ id: 'd', title: 'd', needs: ['b'] });
  expect((await ben.book.list()).tasks.filter(({ ready }) => ready).map(({ id }) => id)).toEqual(['c', 'd']);
  expect(await ben.book.show('d')).toMatchObject({ ready: true, blockedBy: [] });
  expect((await ben.book.claim('d')).via).toBe('free');
});

test('cut off half-way: the board counts, and the next one takes it again', async () => {
  await finish('a', 'b');
  const tip = await git(['rev-parse', 'refs/board/a'], { cwd: bare });
  expect(await archiveAfterAnHour()).toEqual(['a', 'b']);
  await git(['update-ref', 'refs/board/a', tip], { cwd: bare });
  expect(await ben.book.show('a')).not.toHaveProperty('archived');
  expect(await archiveAfterAnHour(ben)).toEqual(['a']);
  expect([await boards(), await archivedThere()]).toEqual([[], ['a', 'b']]);
  expect(await anna.book.show('a')).toMatchObject({ archived: true });
});

test('many at once, by two who are in each other’s way', async () => {
  const ids = Array.from({ length: 45 }, (_, n) => `t-${n}`).sort();
  await anna.book.submit({
    tasks: ids.map((id) => ({ id, title: id, needs: [] })),
    placeOf: String,
    command: 'submit',
  });
  for (const id of ids) await anna.book.cancel(id);
  for (const { book } of [anna, ben]) await book.archive();
  clock.pass(hour);
  const both = await Promise.all([anna.book.archive(), ben.book.archive()]);
  expect(both.flatMap(({ archived }) => archived).sort()).toEqual(ids);
  expect([await boards(), await archivedThere()]).toEqual([[], ids]);
});

test('an addition that was never settled does not bring it back, however late it is tried', async () => {
  const { pending } = anna.app.context;
  let kept: [string, PendingEntry] | undefined;
  const put = pending.put.bind(pending);
  pending.put = (name, entry) => {
    kept ??= [name, entry];
    put(name, entry);
  };
  await anna.book.add({ id: 'a', title: 'a' }, 'add a');
  await anna.book.claim('a');
  await anna.book.done('a');
  expect(await archiveAfterAnHour()).toEqual(['a']);
  if (kept) put(...kept);
  expect(await settlePending(anna.app.context, anna.book.who, 'add a')).toBe(null);
  expect(pending.all()).toEqual([]);
  expect(await boards()).toEqual([]);
});

test('a claim that somebody puts on an archived task by hand is cleared away once it has stood still', async () => {
  await finish('a');
  expect(await archiveAfterAnHour()).toEqual(['a']);
  const tree = await git(['hash-object', '-w', '-t', 'tree', '/dev/null'], { cwd: bare });
  const claim = await git(['commit-tree', '-m', 'by hand', tree], { cwd: bare });
  await git(['update-ref', 'refs/claims/a', claim], { cwd: bare });
  const { context } = anna.app;
  expect((await sweep(context, anna.book.who)).repaired).toEqual([]);
  clock.pass(hour);
  expect((await sweep(context, anna.book.who)).repaired).toEqual(['a']);
  expect(await git(['for-each-ref', 'refs/claims'], { cwd: bare })).toBe('');
  expect([await boards(), await archivedThere()]).toEqual([[], ['a']]);
});

test('the sweeper does it after the time that is configured, and above the number; the guarded server lets it', async () => {
  await installServerHooks({ path: bare, env: process.env, node: process.execPath });
  await finish('a', 'b', 'c');
  const policy = { all: false, afterMs: 365 * 24 * hour, above: 2 };
  const { context } = anna.app;
  expect((await sweep(context, anna.book.who, policy)).archived).toBe(0);
  clock.pass(hour);
  expect((await sweep(context, anna.book.who)).archived).toBe(0);
  expect((await sweep(context, anna.book.who, policy)).archived).toBe(1);
  expect((await sweep(context, anna.book.who, { ...policy, afterMs: 0 })).archived).toBe(2);
  expect(await archivedThere()).toEqual(['a', 'b', 'c']);
});

test('the command says what went, and what stays', async () => {
  await finish('a');
  const answer = await cliJson(['archive'], {
    cwd: dirOf('anna'),
    env: { COORD_AGENT: 'anna', COORD_SESSION: 's-anna' },
  });
  expect(answer).toMatchObject({ status: 0, data: { archived: [], left: 1 } });
  expect(answer.stderr).toContain('finished and still on the board: 1');
});
