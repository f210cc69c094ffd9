import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { seeDaemon, stopDaemon } from '../../src/daemon-link/control-daemon.ts';
import { spawnDaemon } from '../../src/daemon-link/wake-daemon.ts';
import { type BuiltCli, buildCli, type DaemonWorld, isRunning, makeDaemonWorld } from '../helpers/daemon.ts';
import { git } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let cli: BuiltCli;
let world: DaemonWorld;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  world = await makeDaemonWorld(cli.entry);
});
afterEach(() => world.close());

const claimOf = async (task: string): Promise<string | null> => {
  const text = await git(['for-each-ref', '--format=%(objectname)', `refs/claims/${task}`], { cwd: world.bareDir });
  return text === '' ? null : text;
};
const noteOf = async (ref: string): Promise<Record<string, unknown>> =>
  JSON.parse(await git(['log', '-1', '--format=%b', ref], { cwd: world.bareDir }));

test('it beats what is held, registers the agent, and tells that it is available when nothing is', async () => {
  const clone = await world.clone();
  await clone.claim(['a'], { ttlMs: 1500 });
  const first = await claimOf('a');
  await clone.wake();
  await waitFor(async () => (await claimOf('a')) !== first, { what: 'a beat on the remote' });
  const agent = await waitFor(() => noteOf('refs/agents/agent-a').catch(() => null), { what: 'the agent' });
  expect(agent).toMatchObject({ status: 'busy', tasks: ['a'] });
  await waitFor(
    async () => {
      const sight = await seeDaemon(clone.coordDir);
      return sight.kind === 'running' && sight.status.claims === 1 && sight.status.lastBeatAt !== null;
    },
    { what: 'a status with a beat' },
  );
  (await clone.app()).context.held.remove('a');
  await waitFor(async () => (await noteOf('refs/agents/agent-a')).status === 'available', { what: 'available' });
});

test('a task whose owner is killed is free in under 2 s', async () => {
  const clone = await world.clone();
  const owner = clone.spawn('sleep', ['1000']);
  const bystander = clone.spawn('sleep', ['1000']);
  await clone.claim(['kept'], { ownerPid: bystander.pid });
  await clone.claim(['owned'], { ownerPid: owner.pid });
  await clone.start();
  await clone.logged('keeps owned');
  const killedMs = performance.now();
  owner.kill('SIGKILL');
  await waitFor(async () => (await claimOf('owned')) === null, { what: 'the claim is gone' });
  const tookMs = performance.now() - killedMs;
  console.info(`free ${Math.round(tookMs)} ms after the kill`);
  expect(tookMs).toBeLessThan(2000);
  expect(await noteOf('refs/board/owned')).toMatchObject({ op: 'expire', task: { state: 'open' } });
  expect(await claimOf('kept')).not.toBeNull();
  await clone.logged('ended owned: its owner process is gone');
});

test('an owner of which only a zombie is left is gone', async () => {
  const clone = await world.clone();
  // the parent never waits for it
  const parent = clone.spawn('bash', ['-c', 'sleep 1000 & echo $!; exec sleep 1000']);
  const pid = await new Promise<number>((resolve) => parent.stdout?.once('data', (text) => resolve(Number(text))));
  await clone.claim(['owned'], { ownerPid: pid });
  await clone.start();
  process.kill(pid, 'SIGKILL');
  await waitFor(async () => (await claimOf('owned')) === null, { what: 'the claim is gone' });
});

test('a kill -9 loses nothing: the next start beats what is still held', async () => {
  const clone = await world.clone();
  await clone.claim(['a'], { ttlMs: 2000 });
  const { pid } = await clone.start();
  await clone.logged('renewed a');
  process.kill(pid, 'SIGKILL');
  const at = await claimOf('a');
  const second = await clone.start();
  expect(second.pid).not.toBe(pid);
  await waitFor(async () => (await claimOf('a')) !== at, { what: 'a beat of the second' });
  expect(await noteOf('refs/board/a')).toMatchObject({ op: 'claim' });
});

test('of simultaneous starts one stays', async () => {
  const clone = await world.clone();
  const running = await Promise.all([1, 2, 3, 4].map(() => clone.start()));
  await waitFor(() => new Set(running.map(({ pid }) => pid)).size > 0, { what: 'an answer' });
  const { pid } = await clone.start();
  const found = await clone.command('run');
  expect(JSON.parse(found.out).data).toMatchObject({ running: true, pid });
  expect(found.status).toBe(0);
  await waitFor(() => running.every((one) => one.pid === pid || !isRunning(one.pid)), { what: 'one' });
  expect(statSync(join(clone.coordDir, 'daemon.sock')).mode & 0o777).toBe(0o600);
});

test('one that was started meanwhile, and waits for the first to go, is ended too', async () => {
  const clone = await world.clone();
  await clone.start();
  const starting = join(clone.coordDir, 'daemon.starting');
  const { dir, env } = clone;
  spawnDaemon({ coordDir: clone.coordDir, cwd: dir, env, entry: cli.entry });
  const second = Number(readFileSync(starting, 'utf8'));
  // it hasn't got far enough to find the first one
  process.kill(second, 'SIGSTOP');
  const stopped = stopDaemon(clone.coordDir);
  await waitFor(async () => (await seeDaemon(clone.coordDir)).kind === 'absent', { what: 'the first is gone' });
  process.kill(second, 'SIGCONT');
  expect(await stopped).toBe(second);
  expect(isRunning(second)).toBe(false);
});

test('it ends by itself when nothing is held, and leaves nothing behind but its log', async () => {
  const clone = await world.clone();
  const { pid } = await clone.start({ COORD_DAEMON_IDLE_MS: '300' });
  await waitFor(() => !isRunning(pid), { what: 'it ended' });
  expect(clone.log()).toContain('ended: nothing has been held');
  for (const name of ['daemon.json', 'daemon.sock']) expect(existsSync(join(clone.coordDir, name))).toBe(false);
  await clone.claim(['a'], { ttlMs: 1500 });
  const second = await clone.start({ COORD_DAEMON_IDLE_MS: '300' });
  await clone.logged(/renewed a[\s\S]*renewed a[\s\S]*renewed a/);
  expect(isRunning(second.pid)).toBe(true);
});

test('a path that is too long for a socket', async () => {
  const clone = await world.clone(`${'long'.repeat(30)}`);
  await clone.start();
  const file = clone.file();
  expect(file?.socket.startsWith(clone.coordDir)).toBe(false);
  expect(Buffer.byteLength(file?.socket ?? '')).toBeLessThan(104);
  const folder = join(file?.socket ?? '', '..');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  await stopDaemon(clone.coordDir);
  expect(existsSync(folder)).toBe(false);
});

test('SIGTERM ends it cleanly; claims stay', async () => {
  const clone = await world.clone();
  await clone.claim(['a']);
  const { pid } = await clone.start();
  await clone.logged('keeps a');
  process.kill(pid, 'SIGTERM');
  await waitFor(() => !isRunning(pid), { what: 'it ended' });
  expect(clone.log()).toContain('ended: it was sent SIGTERM');
  for (const name of ['daemon.json', 'daemon.sock']) expect(existsSync(join(clone.coordDir, name))).toBe(false);
  expect(await claimOf('a')).not.toBeNull();
});

test('SIGTERM while a push hangs: it ends within a few seconds, and its git with it', async () => {
  const clone = await world.clone();
  await clone.claim(['a'], { ttlMs: 1500 });
  const { pid } = await clone.start();
  await clone.logged('renewed a');
  const marker = join(world.dir, 'hangs');
  // told apart from what other runs of this test left
  const hang = `sleep ${1_000_000 + process.pid}`;
  await git(['config', 'remote.origin.receivepack', `sh -c "exec ${hang} >'${marker}'" --`], { cwd: clone.dir });
  await clone.wake();
  await waitFor(() => existsSync(marker), { what: 'a push that hangs' });
  process.kill(pid, 'SIGTERM');
  await waitFor(() => !isRunning(pid), { deadlineMs: 9000, what: 'it ended' });
  expect(clone.log()).toContain('given up');
  const hanging = await git(['-c', 'alias.p=!ps -eo args', 'p'], { cwd: clone.dir });
  expect(hanging.split('\n').filter((line) => line === hang)).toEqual([]);
});

test('50 claims of one ttl cost one push an interval; 110 leave no pack behind', async () => {
  const clone = await world.clone();
  const tasks = Array.from({ length: 50 }, (_, index) => `t${index}`);
  const ttlMs = 9000;
  await clone.claim(tasks, { ttlMs });
  await clone.start();
  await clone.logged(/renewed t0, /);
  // what fell into step by now stays there
  await clone.logged(/(renewed t0, [\s\S]*){3}/, 30_000);
  const before = world.pushes().length;
  const startMs = performance.now();
  const rounds = () =>
    world
      .pushes()
      .slice(before)
      .filter((refs) => refs >= 50).length;
  await waitFor(() => rounds() === 3, { deadlineMs: 30_000, what: 'three intervals' });
  const intervals = Math.ceil((performance.now() - startMs) / (ttlMs / 3));
  expect(world.pushes().length - before).toBeLessThanOrEqual(intervals + 1);
  await clone.claim(
    Array.from({ length: 60 }, (_, index) => `u${index}`),
    { ttlMs },
  );
  await clone.logged(/renewed t0, .* u59/, 30_000);
  await clone.logged(/(renewed t0, .* u59[\s\S]*){2}/, 30_000);
  expect(await git(['count-objects', '-v'], { cwd: world.bareDir })).toMatch(/^packs: 0$/m);
  expect(await Promise.all(tasks.map(claimOf))).not.toContain(null);
}, 120_000);

test('the commands: start, status, stop', async () => {
  const clone = await world.clone();
  const none = await clone.command('status');
  expect(none.status).toBe(0);
  const stopped = { running: false, pid: null, startedAt: null, claims: 0, lastBeatAt: null, rssBytes: null };
  expect(JSON.parse(none.out).data).toEqual(stopped);
  const started = await clone.command('start');
  expect(started.status).toBe(0);
  const { data } = JSON.parse(started.out);
  expect(data).toMatchObject({ running: true, pid: expect.any(Number), claims: 0, lastBeatAt: null });
  expect(data.rssBytes).toBeLessThan(80 * 1024 * 1024);
  expect(JSON.parse((await clone.command('start')).out).data.pid).toBe(data.pid);
  const ended = await clone.command('stop');
  expect(ended.status).toBe(0);
  expect(JSON.parse(ended.out).data).toEqual(stopped);
  expect(isRunning(data.pid)).toBe(false);
  expect((await clone.command('stop')).status).toBe(0);
});

test('without a book it says so, and starts nothing', async () => {
  const clone = await world.clone();
  await git(['config', '--unset', 'coord.book'], { cwd: clone.dir });
  const { status, out } = await clone.command('start');
  expect(status).toBe(3);
  expect(JSON.parse(out).error.code).toBe('not-found');
  expect(existsSync(join(clone.coordDir, 'daemon.json'))).toBe(false);
});

test('what others hold: mirrored into the clone, and expired when they are gone', async () => {
  const [other, clone] = [await world.clone(), await world.clone()];
  await clone.start({ COORD_POLL_INTERVAL: '1s' });
  await other.claim(['a'], { ttlMs: 2000 });
  await clone.wake();
  const shown = () => git(['for-each-ref', '--format=%(refname)', 'refs/claims/'], { cwd: clone.dir });
  await waitFor(async () => (await shown()) === 'refs/claims/a', { what: 'the mirror shows it' });
  await waitFor(async () => (await claimOf('a')) === null, { what: 'it expired' });
  await clone.logged('expired a');
  await waitFor(async () => (await shown()) === '', { what: 'the mirror shows it no more' });
  expect(readFileSync(join(clone.coordDir, 'daemon.log'), 'utf8')).not.toContain('error');
});
