// Bad input on the real command line: each has the exit status and code of docs/cli.md, and says what to type.
import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLocalBook } from '../helpers/book.ts';
import { cli, cliJson } from '../helpers/cli.ts';
import { commitAll, git, makeBareRepo, makeClone, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let local: string;
beforeAll(async () => {
  scratch = await makeScratch();
  local = await makeLocalBook(join(scratch.dir, 'local'));
});
afterAll(() => scratch.remove());

async function refused(
  args: readonly string[],
  cwd = local,
  env = {},
): Promise<[number | null, string | undefined, string]> {
  const { status, error, stdout, stderr } = await cliJson(args, { cwd, env });
  expect(stdout.trim().split('\n')).toHaveLength(1);
  expect(stderr, args.join(' ')).not.toMatch(/\n\s+at /);
  return [status, error?.code, `${error?.message} ${error?.hint ?? ''} ${error?.next.join(' ')}`];
}

const longTitle = 'x'.repeat(300_000);
describe('arguments', () => {
  test.each([
    [['claim', 'a/b'], 'bad-id', 'a/b'],
    [['claim', '../x'], 'bad-id', '../x'],
    [['claim', 'a..b'], 'bad-id', 'a..b'],
    [['claim', 'x.lock'], 'bad-id', 'x.lock'],
    [['claim', 'con'], 'bad-id', 'con'],
    [['claim', 'x'.repeat(65)], 'bad-id', '64'],
    [['claim', 'a\nb'], 'bad-id', 'a'],
    [['claim', 'x', '--agent', 'a b'], 'bad-id', 'a b'],
    [['add', 'T', '--id', '-x'], 'usage', '--id'],
    [['add', 'T', '--priority', 'high'], 'usage', 'priority'],
    [['add', 'T', '--priority', '1.5'], 'usage', 'priority'],
    [['add', 'T', '--priority', '99999999999999999999'], 'usage', 'priority'],
    [['add', 'T', '--timeout', '10'], 'usage', 'timeout'],
    [['add', 'T', '--timeout', '5 parsecs'], 'usage', 'timeout'],
    [['add', 'T', '--retries', '-1'], 'usage', 'retr'],
    [['add', 'T', '--payload', '{"a":'], 'usage', 'payload'],
    [['add', 'T', '--on-need-failed', 'explode'], 'usage', 'on-need-failed'],
    [['add', longTitle.slice(0, 100_000)], 'usage', 'title'],
    [['add', ''], 'usage', 'title'],
    [['claim', 'x', '--ttl', '0s'], 'usage', 'ttl'],
    [['claim', 'x', '--ttl', '48h'], 'usage', 'ttl'],
    [['claim', 'x', '--wait', 'long'], 'usage', 'wait'],
    [['claim', 'x', '--owner-pid', 'me'], 'usage', 'owner-pid'],
    [['claim'], 'usage', 'claim'],
    [['claim', 'x', '--next'], 'usage', 'claim'],
    [['claim', 'x', 'y'], 'usage', 'y'],
    [['done', 'x', '--result', '@/no/such/file'], 'usage', '/no/such/file'],
    [['done', 'x', '--result', 'plain'], 'usage', 'result'],
    [['progress', 'x', 'text', '--percent', '101'], 'usage', '101'],
    [['list', '--state', 'happy'], 'usage', 'happy'],
    [['frobnicate'], 'usage', 'frobnicate'],
    [['list', '--colour'], 'usage', '--colour'],
  ])('%j', async (args, code, word) => {
    const [status, found, words] = await refused(args);
    expect([status, found], words.slice(0, 500)).toEqual([2, code]);
    expect(words).toContain(word);
  });

  test('nothing was written by any of them', async () => {
    expect(await git(['for-each-ref', 'refs/board', 'refs/claims'], { cwd: local })).toBe('');
  });
});

describe('places', () => {
  test('not a repository', async () => {
    const [status, code, words] = await refused(['list'], scratch.dir);
    expect([status, code]).toEqual([3, 'not-found']);
    expect(words).toContain('git coord init');
  });

  test('no such folder', async () => {
    expect((await refused(['-C', '/no/such/folder', 'list'])).slice(0, 2)).toEqual([3, 'not-found']);
  });

  test('a clone without a book', async () => {
    const bare = await makeBareRepo(join(scratch.dir, 'no-book.git'));
    const clone = await makeClone(bare, join(scratch.dir, 'no-book'));
    for (const args of [['claim', 'x'], ['list'], ['daemon', 'start']]) {
      const [status, code, words] = await refused(args, clone);
      expect([args[0], status, code]).toEqual([args[0], 3, 'not-found']);
      expect(words).toContain('git coord init');
    }
  });

  test('a folder that was deleted under the shell', async () => {
    const run = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$1" list --json';
    const out = await new Promise<string>((resolve) =>
      execFile(
        'sh',
        ['-c', run, process.execPath, join(import.meta.dirname, '../../bin/git-coord.cjs')],
        { cwd: scratch.dir },
        (_, stdout) => resolve(stdout),
      ),
    );
    expect(JSON.parse(out)).toMatchObject({ ok: false, error: { code: 'not-found' } });
  });

  test('a bare clone and a shallow clone work like others', async () => {
    const bare = await makeBareRepo(join(scratch.dir, 'origin.git'));
    const work = await makeClone(bare, join(scratch.dir, 'work'));
    for (const message of ['one', 'two']) await commitAll(work, message);
    await git(['push', '--quiet', 'origin', 'HEAD:main'], { cwd: work });
    expect((await cliJson(['init', '--remote', 'origin', '--yes'], { cwd: work })).status).toBe(0);
    const shallow = await makeClone(`file://${bare}`, join(scratch.dir, 'shallow'), ['--depth=1', '--branch=main']);
    const bareClone = await makeClone(bare, join(scratch.dir, 'clone.git'), ['--bare']);
    for (const clone of [shallow, bareClone]) {
      await git(['config', 'coord.daemon', 'off'], { cwd: clone });
      const made = await cliJson(['init', '--remote', 'origin', '--yes'], { cwd: clone });
      expect(made.status, made.stderr).toBe(0);
      const id = clone === shallow ? 'from-shallow' : 'from-bare';
      expect((await cliJson(['claim', id], { cwd: clone })).status).toBe(0);
      expect((await cliJson(['done', id], { cwd: clone })).data.state).toBe('done');
      expect(await git(['rev-parse', `refs/board/${id}`], { cwd: bare })).toMatch(/^[0-9a-f]{40}$/);
    }
    expect(await git(['rev-parse', '--is-shallow-repository'], { cwd: shallow })).toBe('true');
    await cli(['daemon', 'stop'], { cwd: work });
  });
});

describe('git', () => {
  async function fakeGit(script: string): Promise<NodeJS.ProcessEnv> {
    const bin = await mkdtemp(join(scratch.dir, 'bin-'));
    await writeFile(join(bin, 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { PATH: `${bin}:${process.env.PATH}` };
  }

  test('too old: says which is needed and which was found', async () => {
    const old =
      'case "$*" in *version*) echo git version 2.17.1;; *) echo "error: unknown option" >&2; exit 129;; esac';
    const [status, code, words] = await refused(['list'], local, await fakeGit(old));
    expect([status, code]).toEqual([6, 'unavailable']);
    expect(words).toMatch(/git 2\.38 or newer is needed; this one is 2\.17\.1/);
  });

  test('not there', async () => {
    const [status, code, words] = await refused(['list'], local, { PATH: '/nonexistent' });
    expect([status, code]).toEqual([6, 'unavailable']);
    expect(words).toContain('git was not found');
  });
});

describe('configuration', () => {
  test('an unknown key, a wrong value and a bare number: all at once, with lines', async () => {
    const dir = await makeLocalBook(join(scratch.dir, 'configured'));
    await writeFile(
      join(dir, '.coord.yml'),
      'coordination:\n  claim_tl: 20s\n  poll_interval: 5\ntasks:\n  retry_limit: many\n',
    );
    const [status, code, words] = await refused(['list'], dir);
    expect([status, code]).toEqual([2, 'config']);
    for (const part of ['claim_tl', 'claim_ttl', '2', 'poll_interval', '3', 'retry_limit', '5'])
      expect(words).toContain(part);
    await writeFile(join(dir, '.coord.yml'), 'coordination: [\n');
    expect((await refused(['list'], dir)).slice(0, 2)).toEqual([2, 'config']);
  });

  test('an unknown key in git config, which may be of a newer version, is warned of', async () => {
    const dir = await makeLocalBook(join(scratch.dir, 'configured2'));
    await git(['config', 'coord.claimTl', '20s'], { cwd: dir });
    const { status, stderr } = await cliJson(['list'], { cwd: dir });
    expect([status, stderr]).toEqual([0, expect.stringContaining('did you mean coord.claimTtl?')]);
  });

  test('help and version work all the same', async () => {
    const dir = join(scratch.dir, 'configured');
    for (const args of [['--version'], ['help', 'claim'], ['claim', '-h']])
      expect((await cli(args, { cwd: dir })).status).toBe(0);
  });
});
