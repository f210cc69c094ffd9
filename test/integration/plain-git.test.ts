// Somebody with nothing but git claims, looks and gives back, beside agents that use the tool (protocol 3 and 8).
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepClaims } from '../../src/coordinator/keep-claims.ts';
import { closeAgents, codeOf, errorOf, handClock, joinBook, makeBook, openAgent, taskNotes } from '../helpers/book.ts';
import { git, makeBareRepo, makeClone, makeScratch, type Scratch } from '../helpers/repo.ts';

const run = promisify(execFile);

let scratch: Scratch;
let bare: string;
let clone: string;
/** A clone of somebody who has never heard of the tool. */
let plain: string;
beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  clone = await joinBook(bare, join(scratch.dir, 'clone'), await makeBook(bare, bare));
  plain = await makeClone(bare, join(scratch.dir, 'plain'));
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

/** The command of protocol 3, as a person types it. Answers what git printed. */
async function claimByHand(task: string, expected = ''): Promise<string> {
  const commit = `$(git commit-tree -m "by hand $(head -c 16 /dev/urandom | base64)" $(git hash-object -t tree /dev/null))`;
  const line = `git push --no-verify --force-with-lease=refs/claims/${task}:${expected} origin ${commit}:refs/claims/${task}`;
  const { stderr } = await run('sh', ['-c', line], { cwd: plain });
  return stderr;
}

const onRemote = (ref: string) => git(['for-each-ref', '--format=%(objectname)', ref], { cwd: bare });

test('a claim by hand is held by unknown, can be renewed, and is given back by hand', async () => {
  const { book } = await openAgent(clone);
  await book.add({ id: 'build', title: 'Build' });
  expect(await claimByHand('build')).toContain('[new reference]');
  const error = await errorOf(book.claim('build'));
  expect([error?.code, error?.message]).toEqual(['held', 'build is held by unknown']);
  expect((await book.show('build')).claim).toMatchObject({ agent: 'unknown', ttlMs: 1_800_000, mine: false });
  await expect(claimByHand('build')).rejects.toThrow(/stale info/);
  const first = await onRemote('refs/claims/build');
  await claimByHand('build', first);
  const second = await onRemote('refs/claims/build');
  expect(second).not.toBe(first);
  const release = [
    'push',
    '--no-verify',
    `--force-with-lease=refs/claims/build:${second}`,
    'origin',
    ':refs/claims/build',
  ];
  await git(release, { cwd: plain });
  expect((await book.claim('build')).via).toBe('free');
});

test('a claim by hand of a task that does not exist is respected as well, and runs out after 30 min', async () => {
  const clock = handClock();
  const { book } = await openAgent(clone, { clock });
  await claimByHand('proj-12');
  for (let minutes = 0; minutes <= 30; minutes += 10) {
    expect(await codeOf(book.claim('proj-12'))).toBe('held');
    clock.pass(10 * 60_000);
  }
  clock.pass(2 * 60_000);
  expect((await book.claim('proj-12')).via).toBe('takeover');
});

test('a claim of the tool that is deleted by hand is put back by its holder', async () => {
  const clock = handClock();
  const { book, app } = await openAgent(clone, { clock });
  const { claim } = await book.claim('build', { ttlMs: 20_000 });
  await git(['push', '--quiet', 'origin', ':refs/claims/build'], { cwd: plain });
  expect(await onRemote('refs/claims/build')).toBe('');
  for (let beats = 0; beats < 3 && (await onRemote('refs/claims/build')) === ''; beats++) {
    clock.pass(7000);
    await keepClaims(app.context, () => false);
  }
  expect(await onRemote('refs/claims/build')).not.toBe('');
  expect((await taskNotes(bare, 'build')).map(({ op }) => op)).toEqual(['repair', 'claim']);
  const shown = await book.show('build');
  expect([shown.term, shown.claim?.mine]).toEqual([claim.term, true]);
  expect((await book.done('build')).state).toBe('done');
});

test('git log tells the story of a task and of a claim to somebody who has never heard of the tool', async () => {
  const { book } = await openAgent(clone);
  await book.add({ id: 'build', title: 'Build the API' });
  await book.claim('build');
  await book.progress('build', 'tests pass', 40);
  await book.release('build');
  await book.claim('build');
  await git(['fetch', '--quiet', 'origin', 'refs/board/*:refs/board/*', 'refs/claims/*:refs/claims/*'], { cwd: plain });
  const task = await git(['log', '--format=%an: %s', 'refs/board/build'], { cwd: plain });
  expect(task.split('\n')).toEqual([
    'agent-a: claim: build by agent-a (term 2)',
    'agent-a: release: build by agent-a (term 1)',
    'agent-a: claim: build by agent-a (term 1)',
    'agent-a: add: build by agent-a: Build the API',
  ]);
  const held = await git(['log', '--format=%an: %s', 'refs/claims/build'], { cwd: plain });
  expect(held.split('\n')[0]).toBe('agent-a: hold: build by agent-a (term 2, beat 0)');
  const { task: record } = JSON.parse(await git(['log', '-1', '--format=%b', 'refs/board/build'], { cwd: plain }));
  expect([record.state, record.progress.text]).toEqual(['claimed', 'tests pass']);
  expect(await git(['fsck', '--strict', '--no-dangling'], { cwd: bare })).toBe('');
});
