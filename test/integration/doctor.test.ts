// What doctor finds, and what it says to type.
import { appendFile, chmod, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { command } from '../helpers/command.ts';
import { git, makeBareRepo, makeClone, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let bare: string;
let clone: string;

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  clone = await makeClone(bare, join(scratch.dir, 'a'));
  await git(['config', 'coord.hooks.policy', 'off'], { cwd: clone });
});
afterEach(() => scratch.remove());

const run = (args: readonly string[], cwd = clone) => command([...args, '--json'], { cwd });
interface Check {
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix: string | null;
}
async function doctor(cwd = clone) {
  const answer = await run(['doctor'], cwd);
  const checks: Check[] = answer.data.checks;
  const failing = checks.filter(({ ok }) => !ok).map(({ id }) => id);
  return { ...answer, checks, failing, check: (id: string) => checks.find((each) => each.id === id) };
}

test('a healthy remote: all ok, every part named, nothing left behind', async () => {
  await run(['init']);
  const refs = await git(['for-each-ref'], { cwd: bare });
  const found = await doctor();
  expect(found).toMatchObject({ status: 0, failing: [], error: undefined });
  expect(found.checks.map(({ id }) => id)).toEqual([
    'git',
    'identity',
    'config',
    'disk',
    'remote',
    'store',
    'push-rights',
    'custom-refs',
    'compare-and-swap',
    'atomic',
    'non-fast-forward',
    'deletes',
    'book',
    'notes',
    'history',
    'refspecs',
    'copies',
    'locks',
    'hooks',
    'claims',
    'sessions',
    'clock',
    'limits',
    'daemon',
    'events',
  ]);
  expect(found.data.host).toMatchObject({ compareAndSwap: true, atomic: true, protocolV2: true });
  expect(await git(['for-each-ref'], { cwd: bare })).toBe(refs);
  const { stdout } = await command(['doctor'], { cwd: clone });
  expect(stdout).toMatch(/^✓ {2}git +\d/);
  expect(stdout).not.toContain('\x1b');
});

test('the embedded book', async () => {
  await run(['init', '--local']);
  const found = await doctor();
  expect(found).toMatchObject({ status: 0, failing: [] });
  expect(found.data.host).toMatchObject({ compareAndSwap: true, protocolV2: null, maxPushesPerMinute: null });
});

test('without init it says so, and pushes nothing', async () => {
  const found = await doctor();
  expect(found).toMatchObject({ status: 3, failing: ['book'] });
  expect(found.check('book')?.fix).toBe('git coord init');
  expect(found.check('remote')?.ok).toBe(true);
  expect(await git(['for-each-ref'], { cwd: bare })).toBe('');
  expect((await run(['doctor'], scratch.dir)).status).toBe(3);
});

test('a remote that is away, and one that refuses', async () => {
  await run(['init']);
  const hook = join(bare, 'hooks', 'pre-receive');
  await writeFile(hook, '#!/bin/sh\necho "not today, says the hook" >&2; exit 1\n');
  await chmod(hook, 0o755);
  const refusing = await doctor();
  expect(refusing).toMatchObject({ status: 6, failing: ['custom-refs'] });
  expect(refusing.check('custom-refs')?.detail).toContain('not today, says the hook');
  await git(['remote', 'set-url', 'origin', join(scratch.dir, 'nowhere.git')], { cwd: clone });
  expect(await doctor()).toMatchObject({ status: 6, failing: ['remote'], error: { code: 'unavailable' } });
});

test('what the server lacks is shown, and the book works all the same', async () => {
  await git(['config', 'receive.advertiseAtomic', 'false'], { cwd: bare });
  await run(['init']);
  const found = await doctor();
  expect(found).toMatchObject({ status: 0, failing: ['atomic'] });
  expect(found.data.host).toMatchObject({ atomic: false, compareAndSwap: true });
  expect((await run(['add', 'A task', '--id', 'a'])).status).toBe(0);
});

test('a recreated remote, and unreadable notes by name', async () => {
  await run(['init']);
  await run(['add', 'Good', '--id', 'good']);
  const tree = await git(['hash-object', '-w', '-t', 'tree', '/dev/null'], { cwd: clone });
  const oid = await git(['commit-tree', '-m', 'x\n\n{"v":9,"kind":"task"}', tree], { cwd: clone });
  await git(['push', '--quiet', 'origin', `${oid}:refs/board/newer`], { cwd: clone });
  const found = await doctor();
  expect(found).toMatchObject({ status: 0, failing: ['notes'] });
  expect(found.check('notes')?.detail).toContain('refs/board/newer: it has version 9');
  await git(['update-ref', '-d', 'refs/coord/format'], { cwd: bare });
  expect(await doctor()).toMatchObject({ status: 6, error: { message: expect.stringContaining('no book any more') } });
});

test('a broken store is made anew', async () => {
  await run(['init']);
  await run(['add', 'Kept', '--id', 'kept']);
  await run(['list']);
  const objects = join(clone, '.git/coord/store.git/objects');
  for (const folder of await readdir(objects)) {
    if (folder.length !== 2) continue;
    for (const name of await readdir(join(objects, folder))) {
      await chmod(join(objects, folder, name), 0o644);
      await truncate(join(objects, folder, name), 0);
    }
  }
  const found = await doctor();
  expect(found.check('store')).toMatchObject({ ok: true, detail: expect.stringContaining('made anew') });
  expect(found).toMatchObject({ status: 0, failing: [] });
  expect((await run(['list'])).data.tasks).toHaveLength(1);
});

test('a lock file that a killed process left', async () => {
  await run(['init', '--local']);
  await run(['add', 'A task', '--id', 'a']);
  const lock = join(clone, '.git/refs/board/a.lock');
  await writeFile(lock, '');
  const found = await doctor();
  expect(found).toMatchObject({ status: 6, failing: ['locks'] });
  expect(found.check('locks')?.fix).toBe(`rm -f '${lock}'`);
});

test.each([
  ['[remote "origin"]\n\tmirror = true\n', 'remote.origin.mirror'],
  ['[remote "origin"]\n\tpush = +refs/*:refs/*\n', 'remote.origin.push'],
  ['[remote "origin"]\n\tpush = refs/claims/a\n', 'remote.origin.push'],
  ['[remote "origin"]\n\tfetch = +refs/*:refs/*\n', 'remote.origin.fetch'],
])('settings that would rewind claims (trap 8): %s', async (text, key) => {
  await run(['init']);
  await appendFile(join(clone, '.git/config'), text);
  const found = await doctor();
  expect(found).toMatchObject({ status: 2, failing: ['refspecs'] });
  const { fix } = found.check('refspecs') ?? {};
  expect(fix).toContain(key);
  // the fix fixes it
  const words = (fix ?? '').replaceAll("'", '').split(' ').slice(1);
  await git(words, { cwd: clone });
  expect(await doctor()).toMatchObject({ status: 0, failing: [] });
});

test.each(['push = refs/heads/main', 'push = HEAD', 'push = :', 'fetch = +refs/tags/*:refs/tags/*'])(
  'ordinary settings are left alone: %s',
  async (line) => {
    await run(['init']);
    await appendFile(join(clone, '.git/config'), `[remote "origin"]\n\t${line}\n`);
    expect(await doctor()).toMatchObject({ failing: [] });
  },
);
