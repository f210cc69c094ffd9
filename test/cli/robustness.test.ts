// Surroundings that would break a careless tool: git's own variables, no home, a reader who leaves, a full pipe.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAgents, joinBook, makeBook, makeLocalBook, openAgent } from '../helpers/book.ts';
import { cli, cliJson, startCli } from '../helpers/cli.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

const run = promisify(execFile);
const bin = join(import.meta.dirname, '../../bin/git-coord.cjs');

let scratch: Scratch;
let bare: string;
let clone: string;
let local: string;
beforeAll(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  clone = await joinBook(bare, join(scratch.dir, 'clone'), await makeBook(bare, bare));
  local = await makeLocalBook(join(scratch.dir, 'local'));
});
afterAll(async () => {
  await closeAgents();
  await scratch.remove();
});

test('GIT_DIR and friends, as in a hook, say where the clone is and reach no other git', async () => {
  const elsewhere = join(scratch.dir, 'elsewhere');
  await mkdir(elsewhere);
  const env = {
    GIT_DIR: join(clone, '.git'),
    GIT_WORK_TREE: clone,
    GIT_INDEX_FILE: join(elsewhere, 'no-index'),
    GIT_OBJECT_DIRECTORY: join(elsewhere, 'objects'),
    GIT_NAMESPACE: 'other',
    GIT_QUARANTINE_PATH: elsewhere,
    GIT_PREFIX: 'sub/',
  };
  const claimed = await cliJson(['claim', 'in-hook'], { cwd: elsewhere, env });
  expect(claimed.status, claimed.stderr).toBe(0);
  expect(await git(['rev-parse', 'refs/claims/in-hook'], { cwd: bare })).toBe(claimed.data.claim.oid);
  expect((await cliJson(['done', 'in-hook'], { cwd: clone })).status).toBe(0);
  expect((await cliJson(['list'], { cwd: elsewhere, env: { GIT_DIR: join(elsewhere, 'nothing') } })).status).toBe(3);
});

test.each([
  ['no HOME', { HOME: undefined }],
  ['a HOME that does not exist', { HOME: '/nonexistent/home' }],
  ['a HOME that is a file', { HOME: bin }],
])('%s', async (name, home) => {
  const id = `home-${name.length}`;
  const env = {
    ...home,
    GIT_CONFIG_GLOBAL: undefined,
    XDG_CONFIG_HOME: undefined,
    USER: undefined,
    LOGNAME: undefined,
  };
  for (const cwd of [clone, local]) {
    const claimed = await cliJson(['claim', id], { cwd, env });
    expect(claimed.status, claimed.stderr).toBe(0);
    expect((await cliJson(['done', id], { cwd, env })).status).toBe(0);
  }
});

test('output that is closed early is no error and no trace', async () => {
  const { book } = await openAgent(local);
  for (let n = 0; n < 60; n++)
    await book.add({ id: `many-${n}`, title: 'x'.repeat(400), description: 'y'.repeat(20_000) });
  for (const args of [['list'], ['list', '--json'], ['help']]) {
    const line = `"${process.execPath}" "${bin}" ${args.join(' ')} 2>err.txt | head -c 10; wc -c <err.txt`;
    const { stdout } = await run('bash', ['-c', line], { cwd: local });
    expect(stdout.slice(10).trim(), args.join(' ')).toBe('0');
  }
  const closed = await run('bash', ['-c', `"${process.execPath}" "${bin}" list --json >&-; echo $?`], { cwd: local });
  expect(closed.stdout.trim()).toMatch(/^[01]$/);
});

test('a large answer reaches a slow reader whole', async () => {
  const line = `"${process.execPath}" "${bin}" list --json | { read -r line; echo "\${#line}"; }`;
  const { stdout } = await run('bash', ['-c', line], { cwd: local, maxBuffer: 1e9 });
  const { stdout: whole } = await cli(['list', '--json'], { cwd: local });
  expect(whole.length).toBeGreaterThan(1_000_000);
  expect(Number(stdout)).toBe(whole.length - 1);
});

test('a full device behind the output is an error', async () => {
  const { stdout } = await run('bash', ['-c', `"${process.execPath}" "${bin}" list >/dev/full; echo $?`], {
    cwd: local,
  });
  expect(stdout.trim()).toBe('1');
});

test('commands started at once in a fresh clone agree on who they are, and lose nothing', async () => {
  const fresh = await joinBook(bare, join(scratch.dir, 'fresh'), await git(['config', 'coord.book'], { cwd: clone }));
  const answers = await Promise.all([1, 2, 3, 4].map((n) => cliJson(['claim', `at-once-${n}`], { cwd: fresh })));
  expect(
    answers.map(({ status }) => status),
    answers.map(({ stderr }) => stderr).join(),
  ).toEqual([0, 0, 0, 0]);
  expect(new Set(answers.map(({ data }) => `${data.claim.agent} ${data.claim.session}`)).size).toBe(1);
  const status = await cliJson(['list', '--mine'], { cwd: fresh });
  expect(status.data.tasks).toHaveLength(4);
});

test('a work tree with a space, a quote and a letter of another script in its name', async () => {
  const dir = join(await mkdtemp(join(scratch.dir, 'x-')), "it's a träé 目");
  await joinBook(bare, dir, await git(['config', 'coord.book'], { cwd: clone }));
  await writeFile(join(dir, '.coord.yml'), 'tasks:\n  retry_limit: 5\n');
  expect((await cliJson(['add', 'T', '--id', 'named'], { cwd: dir })).data.retryLimit).toBe(5);
  expect((await cliJson(['claim', 'named'], { cwd: dir })).status).toBe(0);
  expect((await cliJson(['done', 'named'], { cwd: dir })).status).toBe(0);
});

test('GIT_DIR alone, from a folder that is no work tree', async () => {
  const answer = await cliJson(['list'], { cwd: scratch.dir, env: { GIT_DIR: join(clone, '.git') } });
  expect([answer.status, answer.error]).toEqual([0, undefined]);
});

test('a lock lives as long as its command, though the tool was killed', async () => {
  const held = startCli(['lock', 'deploy', '--', 'sleep', '30'], { cwd: local });
  const owner = (): number | undefined => {
    const path = join(local, '.git/coord/held/deploy');
    const state = existsSync(path) ? /^state=(.*)$/m.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
    return JSON.parse(state ?? '{}').owner?.pid;
  };
  const command = await waitFor(() => (owner() === held.pid ? undefined : owner()), {
    what: 'the lock to be of the command',
  });
  held.kill('SIGKILL');
  expect((await cli(['lock', 'deploy', '--', 'true'], { cwd: local })).status).toBe(4);
  process.kill(command, 'SIGKILL');
});

test('whoever lost a task is told so as often as it asks', async () => {
  const a = { COORD_AGENT: 'agent-a', COORD_SESSION: 's-a' };
  const b = { COORD_AGENT: 'agent-b', COORD_SESSION: 's-b' };
  const other = await joinBook(bare, join(scratch.dir, 'other'), await git(['config', 'coord.book'], { cwd: clone }));
  await cliJson(['claim', 'contested'], { cwd: clone, env: a });
  await cliJson(['claim', 'contested', '--force'], { cwd: other, env: b });
  await cliJson(['done', 'contested'], { cwd: other, env: b });
  for (const again of [1, 2]) {
    const { status, error } = await cliJson(['done', 'contested'], { cwd: clone, env: a });
    expect([again, status, error?.code]).toEqual([again, 5, 'lost']);
  }
});
