// The store holds nothing that the remote doesn't: whatever becomes of it, it is made anew and no claim is lost.
import { chmod, mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeAgents, codeOf, errorOf, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { storeOf } from '../helpers/git-clients.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { mountSmallDisk } from '../helpers/small-disk.ts';
import { waitFor } from '../helpers/wait-for.ts';

let scratch: Scratch;
let bare: string;
let clone: string;
beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  clone = await joinBook(bare, join(scratch.dir, 'clone'), await makeBook(bare, bare));
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

const env = { COORD_AGENT: 'agent-a', COORD_SESSION: 's-agent-a' };

async function emptyObjects(store: string): Promise<void> {
  for (const name of await readdir(join(store, 'objects'), { recursive: true }))
    if (/^..\/.{38}$/.test(name)) {
      await chmod(join(store, 'objects', name), 0o600);
      await truncate(join(store, 'objects', name));
    }
}

const succeeds = (action: Promise<unknown>): Promise<boolean> =>
  action.then(
    () => true,
    () => false,
  );

type Damage = (store: string) => Promise<unknown>;

/** What was pushed is still being noted there, for which the store may be made anew at that very moment. */
const inflict = (damage: Damage) => waitFor(() => succeeds(damage(storeOf(clone))), { what: 'the store is damaged' });

const damages: [string, Damage][] = [
  ['deleted', (store) => rm(store, { recursive: true })],
  ['an empty folder', (store) => rm(store, { recursive: true }).then(() => mkdir(store))],
  ['a file', (store) => rm(store, { recursive: true }).then(() => writeFile(store, 'x'))],
  ['without objects', (store) => rm(join(store, 'objects'), { recursive: true })],
  ['with empty objects', emptyObjects],
  ['with a broken HEAD', (store) => writeFile(join(store, 'HEAD'), '')],
];

test.each(damages)('a store that is %s, between two commands', async (_, damage) => {
  expect((await cliJson(['claim', 'build'], { cwd: clone, env })).status).toBe(0);
  await inflict(damage);
  const shown = await cliJson(['show', 'build'], { cwd: clone, env });
  expect(shown.data?.claim?.mine, shown.stderr).toBe(true);
  await inflict(damage);
  const done = await cliJson(['done', 'build'], { cwd: clone, env });
  expect(done.data?.state, done.stderr).toBe('done');
});

test.each(damages.slice(0, 2))('a store that is %s under a running process', async (_, damage) => {
  const { book } = await openAgent(clone);
  await book.claim('build');
  await inflict(damage);
  expect((await book.show('build')).claim?.mine).toBe(true);
  await inflict(damage);
  await book.progress('build', 'half');
  await inflict(damage);
  expect((await book.done('build')).state).toBe('done');
});

test('the whole coord folder is gone: the claim is nobody of ours any more, and runs out', async () => {
  const { book } = await openAgent(clone);
  await book.claim('build');
  // what was pushed is still being noted there
  const remove = () => rm(join(clone, '.git/coord'), { recursive: true, force: true });
  await waitFor(() => succeeds(remove()), { what: 'the folder is gone' });
  expect(await codeOf(book.done('build'))).toBe('held');
  expect(await codeOf(book.claim('other'))).toBe('ok');
});

test('damaged ledgers hide nothing else', async () => {
  const { book } = await openAgent(clone);
  for (const id of ['one', 'two']) await book.claim(id);
  await writeFile(join(clone, '.git/coord/held/one'), '\x00\xff{');
  await writeFile(join(clone, '.git/coord/observed.json'), '{"');
  await mkdir(join(clone, '.git/coord/pending'), { recursive: true });
  await writeFile(join(clone, '.git/coord/pending/x'), 'not json');
  expect(await codeOf(book.done('one'))).toBe('held');
  expect(await codeOf(book.done('two'))).toBe('ok');
  expect((await cliJson(['status'], { cwd: clone, env })).status).toBe(0);
});

test('a full disk: 6 that says so, nothing held that is not known here', async (context) => {
  const place = join(scratch.dir, 'small');
  const disk = mountSmallDisk(place, '400k');
  if (disk === null) {
    console.log('SKIP a full disk: a file system may not be mounted here');
    return context.skip();
  }
  try {
    const small = await joinBook(bare, join(place, 'clone'), await git(['config', 'coord.book'], { cwd: clone }));
    expect((await cliJson(['claim', 'before'], { cwd: small, env })).status).toBe(0);
    await git(['-c', 'core.bigFileThreshold=1', 'status'], { cwd: small });
    await writeFile(join(place, 'filler'), Buffer.alloc(1024 * 1024)).catch(() => {});
    const refused = await cliJson(['claim', 'build'], { cwd: small, env });
    expect([refused.status, refused.error?.code], refused.stderr).toEqual([6, 'unavailable']);
    expect(refused.error?.message).toMatch(/full|No space|ENOSPC/i);
    await rm(join(place, 'filler'));
    expect((await cliJson(['claim', 'build'], { cwd: small, env })).status).toBe(0);
    expect((await cliJson(['done', 'before'], { cwd: small, env })).status).toBe(0);
  } finally {
    disk.unmount();
  }
});

test('a book that was made anew: 6, and nothing is written to it', async () => {
  const { book } = await openAgent(clone);
  await book.claim('build');
  await closeAgents();
  await rm(bare, { recursive: true });
  await makeBareRepo(bare);
  const none = await errorOf((await openAgent(clone)).book.claim('other'));
  expect([none?.code, none?.message]).toEqual(['unavailable', 'there is no book at origin any more']);
  await makeBook(bare, bare);
  const other = await errorOf((await openAgent(clone)).book.claim('other'));
  expect(other?.code).toBe('unavailable');
  expect(other?.message).toContain('another book');
  expect(other?.next).toContain('git coord init --yes');
  expect(await git(['for-each-ref', '--format=%(refname)'], { cwd: bare })).toBe('refs/coord/format');
});

test('a remote that went back: writes to that task answer 6, the others go on', async () => {
  const { book } = await openAgent(clone);
  await book.add({ id: 'build', title: 'Build' });
  const old = await git(['rev-parse', 'refs/board/build'], { cwd: bare });
  await book.claim('build');
  await git(['update-ref', 'refs/board/build', old], { cwd: bare });
  await git(['update-ref', '-d', 'refs/claims/build'], { cwd: bare });
  for (const call of [() => book.claim('build'), () => book.done('build'), () => book.edit('build', { title: 'x' })]) {
    const error = await errorOf(call());
    expect([error?.code, error?.next.includes('git coord restore')]).toEqual(['unavailable', true]);
  }
  expect(await git(['rev-parse', 'refs/board/build'], { cwd: bare })).toBe(old);
  expect(await codeOf(book.claim('other'))).toBe('ok');
});

test('a store of many loose refs is packed by the next look, also while somebody else is at it', async () => {
  const tasks = Array.from({ length: 300 }, (_, n) => `  - {id: t-${n}}\n`).join('');
  await writeFile(join(scratch.dir, 'many.yml'), `tasks:\n${tasks}`);
  const submitted = await cliJson(['workflow', 'submit', join(scratch.dir, 'many.yml')], { cwd: clone, env });
  expect(submitted.status, submitted.stderr).toBe(0);
  const loose = async () => (await readdir(join(storeOf(clone), 'refs/board')).catch(() => [])).length;
  expect(await loose()).toBeGreaterThanOrEqual(300);
  const lock = join(storeOf(clone), 'packed-refs.lock');
  await writeFile(lock, '');
  const whileLocked = await cliJson(['ready'], { cwd: clone, env });
  expect(whileLocked.data.tasks).toHaveLength(300);
  await rm(lock);
  expect((await cliJson(['ready'], { cwd: clone, env })).data.tasks).toHaveLength(300);
  expect(await loose()).toBe(0);
  expect((await cliJson(['ready', '--cached'], { cwd: clone, env })).data.tasks).toHaveLength(300);
  expect((await cliJson(['claim', 't-7'], { cwd: clone, env })).status).toBe(0);
});
