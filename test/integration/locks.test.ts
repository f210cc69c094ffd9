// Locks that stay on the server, and servers that say no: 6 with the cause and the cure, for that task alone.
import { access, chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, closeAgents, codeOf, errorOf, fastClock, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { startHttpBackend } from '../helpers/http-backend.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { startTcpProxy } from '../helpers/tcp-proxy.ts';

let scratch: Scratch;
let bare: string;
let bookId: string;
let agent: Agent;
beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  bookId = await makeBook(bare, bare);
  agent = await openAgent(await joinBook(bare, join(scratch.dir, 'clone'), bookId), { clock: fastClock(10) });
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

test.each(['board', 'claims'])('a lock on refs/%s: 6 names the file; once it is deleted all is well', async (space) => {
  const { book } = agent;
  await book.add({ id: 'build', title: 'Build' });
  await book.claim('other');
  const lock = join(bare, 'refs', space, 'build.lock');
  await git(['update-ref', 'refs/claims/dummy', 'refs/coord/format'], { cwd: bare });
  await writeFile(lock, '');
  const error = await errorOf(book.claim('build'));
  expect([error?.code, error?.data]).toEqual(['unavailable', { locks: [lock] }]);
  expect(error?.message).toContain(lock);
  expect(error?.next[0]).toContain('rm ');
  expect(await codeOf(book.done('other'))).toBe('ok');
  await rm(lock);
  expect((await book.claim('build')).via).toBe('free');
});

test('packed-refs.lock, which blocks every deletion: tasks are released and finished all the same', async () => {
  const { book } = agent;
  await book.claim('build');
  await writeFile(join(bare, 'packed-refs.lock'), '');
  await book.release('build');
  expect((await book.claim('build')).via).toBe('free');
  expect((await book.done('build')).state).toBe('done');
  expect(await exists(join(bare, 'packed-refs.lock'))).toBe(true);
});

describe('a server that refuses', () => {
  async function expectRefused(word: RegExp): Promise<void> {
    const error = await errorOf(agent.book.claim('build'));
    expect([error?.code, error?.message]).toEqual(['unavailable', expect.stringMatching(word)]);
    expect(await git(['for-each-ref', 'refs/board', 'refs/claims'], { cwd: bare })).toBe('');
  }

  test.each(['pre-receive', 'update'])('by a %s hook: with its words', async (name) => {
    const hook = join(bare, 'hooks', name);
    await writeFile(hook, '#!/bin/sh\necho "policy: no refs of yours" >&2\nexit 1\n');
    await chmod(hook, 0o755);
    await expectRefused(/hook declined|no refs of yours/);
    await rm(hook);
    expect(await codeOf(agent.book.claim('build'))).toBe('ok');
  });

  test('by hidden refs: found out by init, since an atomic push moves the others all the same', async () => {
    await git(['config', 'receive.hideRefs', 'refs/claims'], { cwd: bare });
    const clone = join(scratch.dir, 'joins');
    await git(['clone', '--quiet', bare, clone], { cwd: scratch.dir });
    const { status, error } = await cliJson(['init', '--remote', 'origin', '--yes'], { cwd: clone });
    expect([status, error?.code]).toEqual([6, 'unavailable']);
    expect(error?.message).toMatch(/hidden/);
    expect(await git(['for-each-ref', '--format=%(refname)'], { cwd: bare })).toBe('refs/coord/format');
  });

  test('by HTTP without the right to push', async () => {
    const http = await startHttpBackend({ root: scratch.dir });
    try {
      await git(['config', 'http.receivepack', 'false'], { cwd: bare });
      const clone = await joinBook(http.url('remote.git'), join(scratch.dir, 'http'), bookId);
      const { status, error } = await cliJson(['claim', 'build'], { cwd: clone });
      expect([status, error?.code]).toEqual([6, 'unavailable']);
      expect(error?.message).toMatch(/403|not allowed|denied|service not enabled/i);
      // Being let in isn't a race that may still be won: asked once more, and no longer.
      const pushes = http.requests.filter((request) => request.includes('service=git-receive-pack'));
      expect(pushes.length).toBeLessThanOrEqual(2);
    } finally {
      await http.stop();
    }
  });
});

describe('a remote that is away', () => {
  test('6 for writes; reads show what was last seen, marked stale, never as free', async () => {
    await agent.book.claim('build');
    const cwd = join(scratch.dir, 'clone');
    await git(['config', 'remote.origin.url', join(scratch.dir, 'nowhere.git')], { cwd });
    const list = await cliJson(['list'], { cwd });
    expect([list.status, list.error?.code]).toEqual([6, 'unavailable']);
    expect(list.data).toMatchObject({ stale: true, tasks: [{ id: 'build', state: 'claimed' }] });
    expect((await cliJson(['show', 'build'], { cwd })).status).toBe(6);
    expect((await cliJson(['claim', 'next'], { cwd })).status).toBe(6);
    expect((await cliJson(['release', 'build'], { cwd })).status).toBe(6);
  });

  test('a slow one is only slow', async () => {
    const http = await startHttpBackend({ root: scratch.dir });
    const proxy = await startTcpProxy({ targetPort: http.port });
    try {
      Object.assign(proxy.faults, { delayToServerMs: 150, delayToClientMs: 150 });
      const clone = await joinBook(`http://127.0.0.1:${proxy.port}/remote.git`, join(scratch.dir, 'slow'), bookId);
      expect((await cliJson(['claim', 'build'], { cwd: clone })).status).toBe(0);
      expect((await cliJson(['done', 'build'], { cwd: clone })).status).toBe(0);
    } finally {
      await proxy.stop();
      await http.stop();
    }
  });
});
