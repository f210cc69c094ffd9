// What a remote has lost of the book comes back from whoever has seen it, and nothing that is newer there goes.
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { restoreOn } from '../../src/app/restore-on-app.ts';
import { installServerHooks } from '../../src/hooks/server/install-server.ts';
import { openBook } from '../../src/index.ts';
import {
  type Agent,
  closeAgents,
  codeOf,
  errorOf,
  handClock,
  joinBook,
  makeBook,
  openAgent,
  taskNotes,
} from '../helpers/book.ts';
import { cliJson, startCli } from '../helpers/cli.ts';
import { commitAll, git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let scratch: Scratch;
let bare: string;
let id: string;
const dirOf = (name: string) => join(scratch.dir, name);
const cli = (name: string, ...args: string[]) =>
  cliJson(args, { cwd: dirOf(name), env: { COORD_AGENT: name, COORD_SESSION: `s-${name}` } });

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(dirOf('remote.git'));
  id = await makeBook(bare, bare);
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

const agent = async (name: string): Promise<Agent> => openAgent(await joinBook(bare, dirOf(name), id), { agent: name });
const restore = ({ app }: Agent, dryRun = false) => restoreOn(app, { dryRun, warn: () => {} });
const said = async (one: Agent, dryRun = false) => {
  const { restored, left } = await restore(one, dryRun);
  return [...restored, ...left].map((task) => `${task.id} ${task.was} ${task.how} ${task.state} ${task.term}`);
};
const refs = async () => {
  const lines = await git(['for-each-ref', '--format=%(refname:lstrip=1) %(objectname)'], { cwd: bare });
  return lines.split('\n').filter(Boolean);
};
const names = async () => (await refs()).map((line) => line.split(' ')[0]);
/** As it happens on the server itself: hooks that guard it aren't asked. */
const unguarded = ['-c', 'core.hooksPath=/dev/null'];
const lose = async (...lost: readonly (string | undefined)[]) => {
  for (const ref of lost) await git([...unguarded, 'update-ref', '-d', `refs/${ref}`], { cwd: bare });
};
const backUp = () => cp(bare, dirOf('backup.git'), { recursive: true });
async function setBack(): Promise<void> {
  await rm(bare, { recursive: true });
  await cp(dirOf('backup.git'), bare, { recursive: true });
}

/** `over` is done, `held` is held by the agent, `next` is open and needs `held`. */
async function fill({ book }: Agent): Promise<void> {
  for (const name of ['over', 'held']) await book.add({ id: name, title: name });
  await work({ book });
}

async function work({ book }: Pick<Agent, 'book'>): Promise<void> {
  await book.add({ id: 'next', title: 'next', needs: ['held'] });
  for (const name of ['over', 'held']) await book.claim(name);
  await book.done('over', { n: 1 });
}

describe('everything is gone', () => {
  test.each([
    ['after a push --mirror', async () => {
      const other = dirOf('other');
      await git(['init', '--quiet', other], { cwd: '/' });
      await commitAll(other, 'first');
      await git(['push', '--quiet', `--receive-pack=git ${unguarded.join(' ')} receive-pack`, '--mirror', bare], { cwd: other });
    }],
    ['from a repository made anew', async () => {
      await rm(bare, { recursive: true });
      await makeBareRepo(bare);
    }],
    ['but the claims', async () => {
      await lose(...(await names()).filter((ref) => !ref?.startsWith('claims/')));
    }],
  ])('%s: the book is back, what was finished as it was, the rest held by nobody', async (_, lose) => {
    const a = await agent('a');
    await fill(a);
    const before = await refs();
    await lose();
    const gone = await errorOf(a.book.list());
    expect([gone?.code, gone?.next[0]]).toEqual(['unavailable', 'git coord restore']);
    const doctor = await cli('a', 'doctor');
    const fixes = (checks: { ok: boolean; id: string; fix: string }[]) => checks.filter(({ ok, id: name }) => !ok && name !== 'hooks').map(({ id: name, fix }) => `${name}: ${fix}`);
    expect(fixes(doctor.data.checks)).toEqual(['book: git coord restore', 'history: git coord restore']);
    const plan = ['held gone reopened open 1001', 'next gone reopened open 1000', 'over gone put back done 1'];
    const lost = await refs();
    expect(await said(a, true)).toEqual(plan);
    expect(await refs()).toEqual(lost);
    const restored = await cli('a', 'restore');
    expect([restored.status, restored.data.book, restored.data.restored.length]).toEqual([0, true, 3]);
    expect((await refs()).filter((line) => line.startsWith('board/over'))).toEqual(before.filter((line) => line.startsWith('board/over')));
    expect((await names()).filter((name) => name?.startsWith('claims/'))).toEqual([]);
    expect((await cli('a', 'doctor')).status).toBe(0);
    expect(await said(a)).toEqual([]);
    // whoever held it may take it again, with a term that nobody had
    const lostIt = await errorOf(a.book.done('held'));
    expect([lostIt?.code, lostIt?.message]).toEqual(['lost', expect.stringMatching(/put back as nobody's$/)]);
    expect((await a.book.claim('held')).claim.term).toBe(1002);
    expect(await a.book.done('held')).toMatchObject({ state: 'done' });
    expect((await taskNotes(bare, 'held')).map(({ op }) => op)).toEqual(['done', 'claim', 'repair', 'claim', 'add']);
  }); // biome-ignore format: a table
});

test('nothing is lost: nothing is written; an embedded book has nothing beside it', async () => {
  const a = await agent('a');
  await fill(a);
  const before = await refs();
  expect(await restore(a)).toEqual({
    restored: [],
    left: [],
    refused: [],
    unreadable: [],
    book: false,
    archive: false,
    queue: null,
    dryRun: false,
  });
  expect(await refs()).toEqual(before);
});

test('a remote set back to a backup: each task goes on from what was seen, and until then nothing is written to it', async () => {
  const a = await agent('a');
  await a.book.add({ id: 'over', title: 'over' });
  await a.book.add({ id: 'held', title: 'held' });
  await a.book.claim('held');
  await backUp();
  await a.book.claim('over');
  await a.book.done('over');
  await a.book.progress('held', 'half');
  await a.book.note('held', 'seen');
  await a.book.add({ id: 'new', title: 'new' });
  await setBack();
  for (const name of ['over', 'held', 'new']) {
    const refused = await errorOf(a.book.add({ id: name, title: 'another' }));
    expect([refused?.code, refused?.next]).toEqual([
      'unavailable',
      ['git coord restore --dry-run', 'git coord restore'],
    ]);
  }
  expect((await cli('a', 'doctor')).error?.next).toEqual(['git coord restore']);
  expect(await said(a)).toEqual([
    'held behind reopened open 1001',
    'new gone reopened open 1000',
    'over behind put back done 1',
  ]);
  expect(await names()).not.toContain('claims/held');
  expect((await taskNotes(bare, 'held')).map(({ op }) => op)).toEqual(['repair', 'edit', 'claim', 'add']);
  expect((await cli('a', 'doctor')).status).toBe(0);
});

test('newer state at the remote stays, and this clone goes by it', async () => {
  const [a, b] = [await agent('a'), await agent('b')];
  await a.book.add({ id: 'x', title: 'x' });
  await b.book.list();
  await backUp();
  await a.book.claim('x');
  await setBack();
  await b.book.claim('x');
  await b.book.done('x', 'by b');
  expect(await codeOf(a.book.done('x'))).toBe('unavailable');
  const before = (await refs()).filter((line) => line.startsWith('board/'));
  expect(await said(a)).toEqual(['x elsewhere left claimed 1']);
  expect((await refs()).filter((line) => line.startsWith('board/'))).toEqual(before);
  expect(await said(a)).toEqual([]);
  expect(await a.book.show('x')).toMatchObject({ state: 'done', result: 'by b' });
  expect(await codeOf(a.book.done('x'))).toBe('lost');
});

describe('what was paused', () => {
  const loseAll = async () => lose(...(await names()));

  test('is paused again before anything is open, as this clone did or saw it last', async () => {
    const [a, b] = [await agent('a'), await agent('b')];
    for (const name of ['x', 'y']) await a.book.add({ id: name, title: name, labels: [name] });
    await a.book.pause(['x']);
    await b.book.list();
    await loseAll();
    const queue = { paused: false, labels: ['x'] };
    expect(await restore(b, true)).toMatchObject({ queue, dryRun: true });
    expect(await names()).toEqual([]);
    const said = await cli('b', 'restore');
    expect([said.status, said.data.queue]).toEqual([0, queue]);
    expect((await a.book.list()).tasks.map(({ id: task, ready }) => `${task} ${ready}`)).toEqual(['x false', 'y true']);
    expect(await restore(a)).toMatchObject({ restored: [], queue: null });
    // what a clone has done itself, and nobody has seen since
    await a.book.pause();
    await loseAll();
    expect((await restore(a)).queue).toEqual({ paused: true, labels: ['x'] });
  });

  test('and is not any more is not lost; it alone is put back too; what the remote shows of it stays', async () => {
    const [a, b] = [await agent('a'), await agent('b')];
    await a.book.add({ id: 'x', title: 'x' });
    await a.book.pause();
    await b.book.list();
    await a.book.resume();
    await lose('coord/queue');
    expect(await restore(a)).toMatchObject({ restored: [], queue: null });
    await a.book.pause(['deferred']);
    expect(await restore(b)).toMatchObject({ restored: [], queue: null });
    await lose('coord/queue');
    expect(await restore(b)).toMatchObject({ restored: [], queue: { paused: false, labels: ['deferred'] } });
    expect((await cli('b', 'status')).data.queue).toEqual({ paused: false, labels: ['deferred'] });
  });
});

test('two clones at once: each task is put back once', async () => {
  const [a, b] = [await agent('a'), await agent('b')];
  for (let n = 0; n < 12; n++) await a.book.add({ id: `t${n}`, title: `t${n}` });
  await b.book.list();
  await lose(...(await names()));
  const both = await Promise.all([a, b].map((one) => restore(one)));
  const ids = both.flatMap(({ restored }) => restored.map((task) => task.id));
  expect(ids.sort()).toEqual([...new Set(ids)].sort());
  for (let n = 0; n < 12; n++) expect((await taskNotes(bare, `t${n}`)).map(({ op }) => op)).toEqual(['repair', 'add']);
  for (const one of [a, b]) expect((await one.book.list()).tasks).toHaveLength(12);
});

/** `b` has seen both open, and puts them back so; `a` has finished `x` and holds `y`. */
async function restoredByWhoSawLess(): Promise<[Agent, Agent]> {
  const [a, b] = [await agent('a'), await agent('b')];
  for (const name of ['x', 'y']) await a.book.add({ id: name, title: name });
  await b.book.list();
  for (const name of ['x', 'y']) await a.book.claim(name);
  await a.book.done('x', 'by a');
  await a.book.note('y', 'half way');
  await lose(...(await names()));
  expect(await said(b)).toEqual(['x gone reopened open 1000', 'y gone reopened open 1000']);
  return [a, b];
}

test('who has seen less restores first: who has seen it finished finishes it, and both go on', async () => {
  await git(['config', 'core.hooksPath', '/dev/null'], { cwd: bare });
  const [a, b] = await restoredByWhoSawLess();
  expect(await said(a)).toEqual(['x restored on top done 1000', 'y restored on top open 2000']);
  for (const one of [a, b]) {
    expect(await said(one)).toEqual([]);
    expect(await one.book.show('x')).toMatchObject({ state: 'done', result: 'by a', term: 1000 });
    expect(await one.book.show('y')).toMatchObject({ state: 'open', term: 2000, notes: [{ text: 'half way' }] });
  }
});

test('another book at the place is not filled', async () => {
  const a = await agent('a');
  await fill(a);
  await lose(...(await names()));
  await makeBook(bare, bare);
  const before = await refs();
  const refused = await cli('a', 'restore');
  expect([refused.status, refused.error?.message]).toEqual([
    6,
    'origin holds another book than the one this clone joined',
  ]);
  expect(await refs()).toEqual(before);
});

describe('another book in the place of ours', () => {
  const other = () => dirOf('other.git');
  const storeGit = (...args: string[]) => git(args, { cwd: dirOf('a/.git/coord/store.git') });
  const swap = async (from: string, to: string) => {
    await rename(bare, from);
    await rename(to, bare);
  };

  /** A clone of ours with the task `same`, and the other book with that and `alien`. */
  async function twoBooks(): Promise<Agent> {
    const a = await agent('a');
    await a.book.add({ id: 'same', title: 'ours' });
    const theirs = await makeBook(await makeBareRepo(other()), other());
    const b = await openAgent(await joinBook(other(), dirOf('b'), theirs), { agent: 'b' });
    for (const name of ['same', 'alien']) await b.book.add({ id: name, title: 'theirs' });
    return a;
  }

  async function isUntouched(a: Agent): Promise<void> {
    const before = await refs();
    expect((await cli('a', 'doctor')).status).toBe(0);
    expect(await said(a)).toEqual([]);
    expect((await cli('a', 'restore')).data.restored).toEqual([]);
    expect(await refs()).toEqual(before);
    expect(await codeOf(a.book.claim('same'))).toBe('ok');
    expect((await a.book.list()).tasks.map(({ id: task, title }) => `${task} ${title}`)).toEqual(['same ours']);
  }

  const inStore = async () => (await storeGit('for-each-ref', '--format=%(refname)')).split('\n');
  const hasLooked = () => waitFor(async () => (await tracked()) === (await theirName()), { what: 'a look at it' });
  const tracked = () => storeGit('rev-parse', '--verify', '--quiet', 'refs/coord/remote/coord/format').catch(() => '');
  const theirName = () => git(['rev-parse', 'refs/coord/format'], { cwd: bare });

  test.each<[string, (a: Agent) => Promise<unknown>]>([
    ['a list', async ({ book }) => expect(await codeOf(book.list())).toBe('unavailable')],
    ['a look at one task', async ({ book }) => expect(await codeOf(book.claim('same'))).toBe('unavailable')],
    ['doctor', async () => expect((await cli('a', 'doctor')).status).toBe(6)],
    ['restore', async (a) => expect(await codeOf(restore(a))).toBe('unavailable')],
  ])('%s leaves no trace of it', async (_, look) => {
    const a = await twoBooks();
    await swap(dirOf('ours.git'), other());
    await look(a);
    expect((await inStore()).filter((ref) => ref.endsWith('alien'))).toEqual([]);
    expect((await cli('a', 'list', '--cached')).error?.message).toContain('holds another book');
    await swap(other(), dirOf('ours.git'));
    await isUntouched(a);
  });

  test('neither does a watch, nor the daemon', async () => {
    const a = await twoBooks();
    const env = { COORD_AGENT: 'a', COORD_DAEMON: 'auto', COORD_POLL_INTERVAL: '100ms' };
    const watch = startCli(['watch', '--json'], { cwd: dirOf('a'), env: { ...env, COORD_DAEMON: 'off' } });
    const ended = new Promise((resolve) => watch.once('close', resolve));
    let text = '';
    watch.stdout?.on('data', (more) => {
      text += more;
    });
    try {
      await waitFor(() => text.includes('watch.begun'), { what: 'it watches' });
      await swap(dirOf('ours.git'), other());
      await hasLooked();
      await swap(other(), dirOf('ours.git'));
      await a.book.note('same', 'back');
      await waitFor(() => text.includes('task.edit'), { what: 'it goes on' });
      watch.kill('SIGTERM');
      expect(await ended).toBe(0);
      expect(text).not.toMatch(/alien|theirs/);
      await swap(dirOf('ours.git'), other());
      // it looks when it begins, and then only when there is something to do
      expect((await cliJson(['daemon', 'start'], { cwd: dirOf('a'), env })).status).toBe(0);
      await hasLooked();
      await swap(other(), dirOf('ours.git'));
    } finally {
      watch.kill('SIGKILL');
      await cliJson(['daemon', 'stop'], { cwd: dirOf('a'), env });
    }
    await isUntouched(a);
  });

  test('what an older version kept of it is no loss of ours, and is not pushed', async () => {
    const a = await twoBooks();
    await a.book.list();
    await storeGit('fetch', '--quiet', '--force', other(), 'refs/board/*:refs/board/*');
    await storeGit('update-ref', '-d', 'refs/coord/book');
    await isUntouched(a);
    expect(await inStore()).toContain('refs/coord/unsure/board/alien');
    // what is lost from then on is ours
    await lose('board/same');
    expect((await cli('a', 'restore')).data.restored).toMatchObject([{ id: 'same' }]);
  });
});

test("a server with our hooks: what they allow comes back, what they don't is named in its words", async () => {
  const a = await agent('a');
  await installServerHooks({ path: bare, env: process.env, node: process.execPath });
  await a.book.add({ id: 'held', title: 'held' });
  await backUp();
  await a.book.add({ id: 'over', title: 'over' });
  await work(a);
  await setBack();
  const restored = await cli('a', 'restore');
  expect(restored.status).toBe(6);
  expect(restored.data.refused).toMatchObject([{ id: 'over', why: expect.stringMatching(/a new task has no past/) }]);
  expect(restored.data.restored.map((task: { id: string; how: string }) => `${task.id} ${task.how}`)).toEqual([
    'held reopened',
    'next reopened',
  ]);
});

test('such a server takes nothing on top of what another clone has put back: what is unfinished is left, and goes on', async () => {
  await installServerHooks({ path: bare, env: process.env, node: process.execPath });
  const [a] = await restoredByWhoSawLess();
  const { refused, restored, left } = await restore(a);
  expect(refused).toMatchObject([{ id: 'x', why: expect.stringContaining('refs/board/x') }]);
  expect([restored, left]).toMatchObject([[], [{ id: 'y', how: 'left', state: 'claimed' }]]);
  expect(await codeOf(a.book.claim('y'))).toBe('ok');
  expect(await codeOf(a.book.list())).toBe('ok');
});

test('what the target carries comes back in review, and a sweep ends that', async () => {
  const a = await agent('a');
  const dir = dirOf('a');
  await a.book.add({ id: 'x', title: 'x' });
  await a.book.claim('x');
  await git(['checkout', '--quiet', '-b', 'main'], { cwd: dir });
  await commitAll(dir, 'first');
  const landed = await commitAll(dir, 'the work\n\nTask: x\nClaim-Term: 1\n');
  await git(['push', '--quiet', 'origin', 'main'], { cwd: dir });
  await lose('board/x');
  expect(await said(a)).toEqual(['x gone reopened review 1001']);
  await cli('a', 'sweep');
  expect(await a.book.show('x')).toMatchObject({ state: 'done', landed: { ref: 'refs/heads/main', commit: landed } });
});

describe('with an archive', () => {
  /** `old` is archived, by somebody who has seen it done for an hour. */
  async function archived(saveAt: 'done' | 'archived'): Promise<Agent> {
    const clock = handClock();
    const a = await openAgent(await joinBook(bare, dirOf('a'), id), { agent: 'a', clock });
    await a.book.add({ id: 'old', title: 'old' });
    await a.book.add({ id: 'next', title: 'next' });
    await a.book.claim('old');
    if (saveAt === 'done') await backUp();
    await a.book.done('old', 'long ago');
    await a.book.archive();
    clock.pass(3_600_000);
    expect((await a.book.archive()).archived).toEqual(['old']);
    return a;
  }

  test('all is gone: it comes back first, and what is in it stays off the board', async () => {
    const a = await archived('archived');
    await lose(...(await names()));
    const { data, stderr } = await cli('a', 'restore');
    expect(stderr).toBe('');
    expect([data.archive, data.book, data.restored.map((task: { id: string }) => task.id)]).toEqual([
      true,
      true,
      ['next'],
    ]);
    expect((await names()).filter((name) => !name?.startsWith('agents/'))).toEqual([
      'archive/board',
      'board/next',
      'coord/format',
    ]);
    expect(await a.book.show('old')).toMatchObject({ state: 'done', archived: true });
    expect(await codeOf(a.book.add({ id: 'old', title: 'other' }))).toBe('exists');
    expect(await said(a)).toEqual([]);
  });

  test('it alone is gone', async () => {
    const a = await archived('archived');
    await lose('archive/board');
    expect((await cli('a', 'doctor')).error?.message).toMatch(/^history: .*: archive\/board$/);
    expect((await restore(a, true)).archive).toBe(true);
    expect(await names()).not.toContain('archive/board');
    expect((await restore(a)).archive).toBe(true);
    expect((await cli('a', 'doctor')).status).toBe(0);
  });

  test('a backup from before: what is on the board again goes on to its end, and is archived once more', async () => {
    const a = await archived('done');
    await setBack();
    const restored = await restore(a);
    expect(restored).toMatchObject({ archive: true, restored: [{ id: 'old', how: 'put back', state: 'done' }] });
    expect(await names()).not.toContain('claims/old');
    expect(await a.book.show('old')).toMatchObject({ state: 'done', result: 'long ago' });
    expect(await said(a)).toEqual([]);
  });

  test('another one has begun there: it gets what it lacks', async () => {
    const a = await archived('done');
    await setBack();
    const clock = handClock();
    const b = await openAgent(await joinBook(bare, dirOf('b'), id), { agent: 'b', clock });
    await b.book.add({ id: 'new', title: 'new' });
    await b.book.claim('new');
    await b.book.done('new');
    await b.book.archive();
    clock.pass(3_600_000);
    expect((await b.book.archive()).archived).toEqual(['new']);
    expect((await restore(a)).archive).toBe(true);
    const listed = await git(['ls-tree', '-r', '--name-only', 'refs/archive/board'], { cwd: bare });
    expect(
      listed
        .split('\n')
        .map((path) => path.slice(3))
        .sort(),
    ).toEqual(['new', 'old']);
    for (const one of [a, b]) expect((await one.book.show('new')).state).toBe('done');
    expect(await said(a)).toEqual([]);
    await git(['fsck', '--strict'], { cwd: bare });
  });
});

test('the library', async () => {
  const a = await agent('a');
  await fill(a);
  await lose('board/next');
  const book = await openBook({ dir: dirOf('a'), agent: 'a', session: 's-a' });
  const next = [{ id: 'next', was: 'gone', how: 'reopened', state: 'open', term: 1000 }];
  expect(await book.restore({ dryRun: true })).toMatchObject({ restored: next, dryRun: true });
  expect(await book.restore()).toMatchObject({ restored: next, left: [], book: false });
  expect(await book.show('next')).toMatchObject({ state: 'open' });
  await book.close();
});

test('init neither begins nor joins another book in the place of one that is gone, unless told so', async () => {
  const anna = await agent('anna');
  await fill(anna);
  await anna.book.list();
  const say = (...args: string[]) =>
    cliJson(args, { cwd: dirOf('anna'), env: { COORD_AGENT: 'anna', COORD_SESSION: 's-anna' } });
  await lose(...(await names()));
  const refused = await say('init');
  expect([refused.status, refused.error?.code]).toEqual([7, 'not-ready']);
  expect(refused.error?.next).toEqual(['git coord restore --dry-run', 'git coord init --yes']);
  expect(await names()).toEqual([]);
  const other = await makeBook(bare, bare);
  expect((await say('init')).error?.message).toContain('holds another book');
  expect((await say('init', '--yes')).status).toBe(0);
  expect(await git(['config', 'coord.book'], { cwd: dirOf('anna') })).toBe(other);
});
