// A book is made once, joined by everybody else, and moved whole or not at all.

import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { command } from '../helpers/command.ts';
import { startHttpBackend } from '../helpers/http-backend.ts';
import { putLiar } from '../helpers/liar.ts';
import { commitAll, git, makeBareRepo, makeClone, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let scratch: Scratch;
let bare: string;
let clone: string;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  clone = await makeClone(bare, join(scratch.dir, 'a'));
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await scratch.remove();
});

const init = (args: readonly string[] = [], cwd = clone) => command(['init', '--json', ...args], { cwd });
const run = (args: readonly string[], cwd = clone) => command([...args, '--json'], { cwd });
const refsOf = async (dir: string) =>
  (await git(['for-each-ref', '--format=%(refname)'], { cwd: dir })).split('\n').filter((ref) => ref !== '');
/** But for the records of agents, which `init` registers, and what they told. */
const bookRefsOf = async (dir: string) => (await refsOf(dir)).filter((ref) => !/^refs\/(agents|events)\//.test(ref));
const configOf = (key: string, cwd = clone) => git(['config', '--get', key], { cwd }).catch(() => null);

describe('which book', () => {
  test('a clone with origin: remote; the next clone joins; again changes nothing', async () => {
    const first = await init();
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.data).toMatchObject({ mode: 'remote', remote: 'origin', prefix: 'refs/', joined: false });
    expect(first.data.host).toEqual({
      compareAndSwap: true,
      customRefs: true,
      atomic: true,
      deletes: true,
      nonFastForward: true,
      protocolV2: true,
      maxPushesPerMinute: null,
    });
    expect(first.data.next).toHaveLength(3);
    expect(await bookRefsOf(bare)).toEqual(['refs/coord/format']);
    const second = await init([], await makeClone(bare, join(scratch.dir, 'b')));
    expect(second.data).toMatchObject({ joined: true, book: first.data.book });
    const agents = [{ id: second.data.agent, status: 'available', tasks: [] }];
    const again = { ...first.data, joined: false, next: second.data.next, agents };
    expect(await init()).toMatchObject({ status: 0, data: again });
    expect(await bookRefsOf(bare)).toEqual(['refs/coord/format']);
    expect(await configOf('coord.book')).toBe(first.data.book);
  });

  test('a repository without a remote: local; a bare one, a shallow one and a worktree too', async () => {
    const alone = join(scratch.dir, 'alone');
    await git(['init', '--quiet', alone], { cwd: scratch.dir });
    expect(await init([], alone)).toMatchObject({ status: 0, data: { mode: 'local', remote: null, joined: false } });
    expect(await bookRefsOf(alone)).toEqual(['refs/coord/format']);

    const bareAlone = await makeBareRepo(join(scratch.dir, 'alone.git'));
    expect(await init([], bareAlone)).toMatchObject({ status: 0, data: { mode: 'local' } });
    expect((await run(['add', 'A task', '--id', 'a'], bareAlone)).status).toBe(0);

    await commitAll(clone, 'one');
    await commitAll(clone, 'two');
    await git(['push', '--quiet', 'origin', 'HEAD'], { cwd: clone });
    const shallow = await makeClone(`file://${bare}`, join(scratch.dir, 'shallow'), ['--depth=1']);
    const made = await init([], shallow);
    expect(made).toMatchObject({ status: 0, data: { mode: 'remote' } });
    const tree = join(scratch.dir, 'tree');
    await git(['worktree', 'add', '--quiet', '--detach', tree], { cwd: shallow });
    expect(await init([], tree)).toMatchObject({ status: 0, data: { book: made.data.book, joined: false } });
  });

  test('a bare clone of a remote', async () => {
    const mirror = await makeClone(bare, join(scratch.dir, 'bare-clone.git'), ['--bare']);
    expect(await init([], mirror)).toMatchObject({ status: 0, data: { mode: 'remote', remote: 'origin' } });
    expect((await run(['add', 'A task', '--id', 'a'], mirror)).status).toBe(0);
    expect(await refsOf(bare)).toContain('refs/board/a');
  });

  test('flags, then git config, then .coord.yml', async () => {
    await writeFile(join(clone, '.coord.yml'), 'coordination:\n  mode: local\n  prefix: refs/heads/coord/\n');
    expect((await init(['--dry-run'])).data).toMatchObject({ mode: 'local', prefix: 'refs/heads/coord/' });
    await git(['config', 'coord.mode', 'remote'], { cwd: clone });
    await git(['config', 'coord.prefix', 'refs/'], { cwd: clone });
    expect((await init(['--dry-run'])).data).toMatchObject({ mode: 'remote', remote: 'origin', prefix: 'refs/' });
    expect((await init(['--dry-run', '--local'])).data).toMatchObject({ mode: 'local', remote: null });
    const path = await init(['--remote', '../remote.git']);
    expect(path).toMatchObject({ status: 0, data: { mode: 'remote', remote: bare } });
    expect(await init(['--local', '--remote', 'origin'])).toMatchObject({ status: 2, error: { code: 'usage' } });
    expect(await init(['--move'])).toMatchObject({ status: 2 });
  });

  test('--dry-run writes nothing', async () => {
    const answer = await command(['init', '--dry-run'], { cwd: clone });
    expect(answer.status).toBe(0);
    expect(answer.stdout).toContain('make a new book: refs/coord/format on origin');
    expect(await refsOf(bare)).toEqual([]);
    expect(existsSync(join(clone, '.git/coord'))).toBe(false);
    expect(await configOf('coord.book')).toBe(null);
  });
});

describe('at once', () => {
  test('several clones: one makes the book, the others join it', async () => {
    const clones = await Promise.all(['b', 'c', 'd'].map((name) => makeClone(bare, join(scratch.dir, name))));
    const answers = await Promise.all([clone, ...clones].map((each) => init([], each)));
    for (const { status } of answers) expect(status).toBe(0);
    expect(new Set(answers.map(({ data }) => data.book)).size).toBe(1);
    expect(answers.filter(({ data }) => !data.joined)).toHaveLength(1);
    expect(await bookRefsOf(bare)).toEqual(['refs/coord/format']);
  });

  test("one clone's worktrees, while git config is being written by others (trap 15)", async () => {
    const lock = join(clone, '.git/config.lock');
    await writeFile(lock, '');
    const answers = Promise.all([init(), init(), init()]);
    await waitFor(async () => (await refsOf(bare)).includes('refs/coord/format'), { what: 'the book' });
    expect(await configOf('coord.book')).toBe(null);
    await rm(lock);
    const books = (await answers).map(({ status, data }) => {
      expect(status).toBe(0);
      return data.book;
    });
    expect(new Set(books).size).toBe(1);
    expect(await configOf('coord.book')).toBe(books[0]);
  });
});

describe('refused with nothing written', () => {
  const untouched = async () => {
    expect(await configOf('coord.mode')).toBe(null);
    expect(await configOf('coord.book')).toBe(null);
  };

  test('a remote that is away, has no repository, or asks for a password', async () => {
    for (const remote of [join(scratch.dir, 'nowhere.git'), 'nosuch', 'http://127.0.0.1:1/x.git']) {
      const answer = await init(['--remote', remote]);
      expect(answer).toMatchObject({ status: 6, error: { code: 'unavailable' } });
    }
    const server = await startHttpBackend({ root: scratch.dir, auth: { bearer: 'x' } });
    stops.push(server.stop);
    const url = server.url('remote.git').replace('//', '//me:secret@');
    const denied = await init(['--remote', url]);
    expect(denied).toMatchObject({ status: 6, error: { message: expect.stringContaining('Authentication failed') } });
    expect(denied.error?.message).not.toContain('secret');
    expect(existsSync(join(clone, '.git/coord'))).toBe(false);
    await untouched();
  });

  test('a server that takes branches only, with the way out', async () => {
    const hook = join(bare, 'hooks', 'pre-receive');
    await writeFile(hook, '#!/bin/sh\necho "branches only, says the host" >&2; exit 1\n');
    await chmod(hook, 0o755);
    const answer = await init();
    expect(answer).toMatchObject({ status: 6, error: { message: expect.stringContaining('branches only') } });
    expect(answer.error?.next[0]).toContain('coord.prefix');
    expect(await refsOf(bare)).toEqual([]);
    await untouched();
  });

  test.each(['stale', 'nothing'] as const)('a server that lies (%s), by name', async (how) => {
    await putLiar(clone, how);
    const answer = await init();
    expect(answer).toMatchObject({ status: 6, error: { code: 'unavailable' } });
    expect(answer.error?.message).toMatch(/^origin can't be trusted with claims: it /);
    expect(await refsOf(bare)).toEqual([]);
    expect(await command(['doctor', '--json'], { cwd: clone })).toMatchObject({ status: 3 });
    await untouched();
  });

  test('a book of a newer version, and one that is no book', async () => {
    const tree = await git(['hash-object', '-w', '-t', 'tree', '/dev/null'], { cwd: clone });
    const put = async (note: string) => {
      const oid = await git(['commit-tree', '-m', `format\n\n${note}`, tree], { cwd: clone });
      await git(['push', '--quiet', '--force', 'origin', `${oid}:refs/coord/format`], { cwd: clone });
    };
    await put('{"v":2,"kind":"format","book":"x","at":"later"}');
    expect(await init()).toMatchObject({ status: 6, error: { message: expect.stringContaining('version 2') } });
    await put('not json');
    expect(await init()).toMatchObject({ status: 6 });
    await untouched();
  });

  test('outside a repository', async () => {
    expect(await init([], scratch.dir)).toMatchObject({ status: 3, error: { code: 'not-found' } });
  });
});

describe('another book', () => {
  test('a remote that was made anew: a new book, and nothing is kept of the old one', async () => {
    const old = (await init()).data.book;
    await run(['add', 'Old', '--id', 'old']);
    expect((await run(['claim', 'old'])).status).toBe(0);
    await run(['daemon', 'stop']);
    await rm(bare, { recursive: true, force: true });
    await makeBareRepo(bare);
    expect(await run(['list'])).toMatchObject({ status: 6 });
    expect(await run(['init'])).toMatchObject({ status: 7, error: { code: 'not-ready' } });
    const again = await run(['init', '--yes']);
    expect(again).toMatchObject({ status: 0, data: { joined: false } });
    expect(again.data.book).not.toBe(old);
    for (const name of ['held', 'ended', 'pending', 'watch'])
      expect(existsSync(join(clone, '.git/coord', name))).toBe(false);
    expect((await run(['agents'])).data.agents).toMatchObject([{ id: again.data.agent, tasks: [] }]);
    expect((await run(['list'])).data.tasks).toEqual([]);
    expect((await run(['add', 'New', '--id', 'old'])).status).toBe(0);
    await run(['daemon', 'stop']);
  });

  test('a clone that goes back to a local book takes no mirrored claim for its own', async () => {
    await init();
    await git(['update-ref', 'refs/claims/elsewhere', await commitAll(clone, 'one')], { cwd: clone });
    expect(await init(['--local'])).toMatchObject({ status: 7, error: { code: 'not-ready' } });
    const local = await init(['--local', '--yes']);
    expect(local).toMatchObject({ status: 0, data: { mode: 'local', joined: false } });
    expect((await refsOf(clone)).filter((ref) => ref.startsWith('refs/claims/'))).toEqual([]);
  });
});

describe('--move', () => {
  beforeEach(async () => {
    await init(['--local']);
    await run(['add', 'First', '--id', 'one']);
    await run(['add', 'Second', '--id', 'two']);
    await run(['claim', 'one']);
    await run(['daemon', 'stop']);
  });
  afterEach(async () => {
    await run(['daemon', 'stop']);
  });

  test('without it a local book with tasks stays', async () => {
    const answer = await init(['--remote', 'origin']);
    expect(answer).toMatchObject({ status: 7, error: { code: 'not-ready' } });
    expect(answer.error?.next).toEqual(['git coord init --remote origin --move']);
    expect(await configOf('coord.mode')).toBe('local');
    expect(await refsOf(bare)).toEqual([]);
  });

  test('tasks, claims and identity go over, and the claim is still mine', async () => {
    const book = await configOf('coord.book');
    const before = (await refsOf(clone)).filter((ref) => !ref.startsWith('refs/heads/'));
    const answer = await init(['--remote', 'origin', '--move']);
    expect(answer).toMatchObject({ status: 0, data: { mode: 'remote', book, joined: false, moved: before.length } });
    expect(await refsOf(bare)).toEqual(before);
    expect(await refsOf(clone)).toEqual([]);
    expect(await run(['done', 'one'])).toMatchObject({ status: 0, data: { state: 'done' } });
  });

  test('a remote that has a book already keeps it, and so does the clone', async () => {
    const other = await makeClone(bare, join(scratch.dir, 'b'));
    await init([], other);
    const answer = await init(['--remote', 'origin', '--move']);
    expect(answer).toMatchObject({ status: 7, error: { code: 'exists' } });
    expect(await configOf('coord.mode')).toBe('local');
    expect((await run(['list'])).data.tasks).toHaveLength(2);
    expect(existsSync(join(clone, '.git/coord/moving.json'))).toBe(false);
  });

  test.each(['after the push', 'after the switch'])('cut off %s: the same command continues', async (when) => {
    const before = (await refsOf(clone)).filter((ref) => !ref.startsWith('refs/heads/'));
    const book = await configOf('coord.book');
    if (when === 'after the push') {
      // git config can't be written: the command ends between push and switch
      await rm(join(clone, '.git/config.lock'), { force: true });
      await mkdir(join(clone, '.git/config.lock'));
      expect((await init(['--remote', 'origin', '--move'])).status).toBe(6);
      await rm(join(clone, '.git/config.lock'), { recursive: true });
    } else {
      // the clone's own refs can't be deleted
      await writeFile(join(clone, '.git/packed-refs.lock'), '');
      expect((await init(['--remote', 'origin', '--move'])).status).toBe(6);
      await rm(join(clone, '.git/packed-refs.lock'));
      expect(await configOf('coord.mode')).toBe('remote');
    }
    expect(await refsOf(bare)).toEqual(before);
    const elsewhere = await init(['--local']);
    expect(elsewhere).toMatchObject({ status: 7, error: { code: 'not-ready' } });
    // what a command that was still at work here changed meanwhile follows
    if (when === 'after the push') await run(['add', 'Late', '--id', 'late']);
    const answer = await init(['--remote', 'origin', '--move']);
    expect(answer).toMatchObject({ status: 0, data: { mode: 'remote', book } });
    expect(await refsOf(clone)).toEqual([]);
    expect((await run(['list'])).data.tasks).toHaveLength(when === 'after the push' ? 3 : 2);
    expect(existsSync(join(clone, '.git/coord/moving.json'))).toBe(false);
  });
});

test('a local book without tasks is left as it is for a remote one, without a word', async () => {
  await init(['--local']);
  expect(await init(['--remote', 'origin'])).toMatchObject({ status: 0, data: { mode: 'remote', moved: 0 } });
  expect(await refsOf(clone)).toEqual([]);
});

test('the report for people ends with what to type next', async () => {
  const { stdout, status } = await command(['init'], { cwd: clone });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^book {5}on origin\n {9}new\nyou {6}\S+, session \S+\nremote {3}probed: allows all/);
  expect(stdout).toMatch(/\nnext\n {2}git coord add .*\n {2}git coord claim --next\n {2}git coord status\n$/);
});
