// A claim that lives and dies with its owner process: killed, its task is free in under 2 s (protocol 9).
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeAgents, codeOf, joinBook, makeBook, openAgent, taskNotes } from '../helpers/book.ts';
import { cli, cliJson } from '../helpers/cli.ts';
import { makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

const freeMsMax = 2000;

let scratch: Scratch;
let bare: string;
let holder: string;
let other: string;
let owner: ChildProcess;
beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  const book = await makeBook(bare, bare);
  holder = await joinBook(bare, join(scratch.dir, 'holder'), book, { daemon: 'auto' });
  other = await joinBook(bare, join(scratch.dir, 'other'), book);
  owner = spawn('sleep', ['600'], { stdio: 'ignore' });
});
afterEach(async () => {
  owner.kill('SIGKILL');
  await cli(['daemon', 'stop'], { cwd: holder });
  await closeAgents();
  await scratch.remove();
});

const claimFor = (pid: number | undefined, id: string) =>
  cliJson(['claim', id, '--owner-pid', String(pid)], { cwd: holder });

test('kill -9 of the owner: claimable by another clone in under 2 s', async () => {
  const { status, stderr } = await claimFor(owner.pid, 'build');
  expect(status, stderr).toBe(0);
  await waitFor(async () => (await cliJson(['daemon', 'status'], { cwd: holder })).data.claims === 1, {
    what: 'the daemon watches',
  });
  const { book } = await openAgent(other, { agent: 'agent-b' });
  expect(await codeOf(book.claim('build'))).toBe('held');
  owner.kill('SIGKILL');
  const killedMs = performance.now();
  await waitFor(async () => (await book.show('build')).state === 'open', { what: 'the task is free' });
  const freeMs = performance.now() - killedMs;
  expect(await codeOf(book.claim('build'))).toBe('ok');
  expect(freeMs).toBeLessThan(freeMsMax);
  expect((await taskNotes(bare, 'build')).map(({ op }) => op)).toEqual(['claim', 'expire', 'claim']);
});

test('an owner that is gone already is refused, and no claim is made', async () => {
  owner.kill('SIGKILL');
  await new Promise((resolve) => owner.once('exit', resolve));
  const { status } = await claimFor(owner.pid, 'build');
  expect(status).not.toBe(0);
  const { book } = await openAgent(other);
  expect(await codeOf(book.show('build'))).toBe('not-found');
});
