import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { seeDaemon } from '../../src/daemon-link/control-daemon.ts';
import { ownIdentity } from '../../src/daemon-link/process-identity.ts';
import {
  type BuiltCli,
  buildCli,
  type DaemonWorld,
  isRunning,
  makeDaemonWorld,
  type TestClone,
} from '../helpers/daemon.ts';
import { git } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let cli: BuiltCli;
let world: DaemonWorld;
let clone: TestClone;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  world = await makeDaemonWorld(cli.entry);
  clone = await world.clone();
});
afterEach(() => world.close());

const claimOf = async (task: string): Promise<string> =>
  git(['for-each-ref', '--format=%(objectname)', `refs/claims/${task}`], { cwd: world.bareDir });
const beatsOn = async (task: string): Promise<void> => {
  const at = await claimOf(task);
  await waitFor(async () => (await claimOf(task)) !== at, { deadlineMs: 20_000, what: `a beat of ${task}` });
};
const ended = (pid: number) => waitFor(() => !isRunning(pid), { what: `process ${pid} ended` });

test('a file left by a killed daemon, its pid used again by another process', async () => {
  const stranger = clone.spawn('sleep', ['1000']);
  const stale = { ...ownIdentity(), pid: stranger.pid, start: '1', socket: join(clone.coordDir, 'daemon.sock') };
  writeFileSync(
    join(clone.coordDir, 'daemon.json'),
    JSON.stringify({ ...stale, startedAt: '-', version: '0.0.0-dev' }),
  );
  writeFileSync(join(clone.coordDir, 'daemon.sock'), '');
  expect((await seeDaemon(clone.coordDir)).kind).toBe('absent');
  await clone.claim(['a'], { ttlMs: 1500 });
  await clone.wake();
  await beatsOn('a');
  expect(stranger.exitCode).toBeNull();
});

test.each(['', '{"pid":', '[]', '{"pid":1}'])('a daemon.json that says %j', async (text) => {
  writeFileSync(join(clone.coordDir, 'daemon.json'), text);
  const { pid } = await clone.start();
  expect(clone.file()?.pid).toBe(pid);
});

test('a socket that somebody removed: the next start takes over, and the first ends', async () => {
  await clone.claim(['a'], { ttlMs: 1500 });
  const first = await clone.start();
  rmSync(join(clone.coordDir, 'daemon.sock'));
  await clone.wake();
  await ended(first.pid);
  const second = await waitFor(() => clone.file(), { what: 'the second' });
  expect(second.pid).not.toBe(first.pid);
  expect(lstatSync(join(clone.coordDir, 'daemon.sock')).isSocket()).toBe(true);
  await beatsOn('a');
});

test('a command of another version has the daemon replaced', async () => {
  const older = await buildCli('0.0.1');
  try {
    await clone.claim(['a'], { ttlMs: 1500 });
    const first = clone.spawn(process.execPath, [older.entry, 'daemon', 'run']);
    const file = await waitFor(() => clone.file(), { what: 'the older one' });
    expect(file.version).toBe('0.0.1');
    await clone.logged('renewed a');
    await clone.wake();
    await waitFor(() => first.exitCode === 0, { what: 'the older one ended' });
    await waitFor(() => clone.file()?.version === '0.0.0-dev', { what: 'the newer one' });
    await beatsOn('a');
  } finally {
    older.remove();
  }
});

test('an ssh agent that changes: the next command hands its own over', async () => {
  const seen = join(world.dir, 'seen');
  const script = join(world.dir, 'ssh');
  await writeFile(script, `#!/bin/sh\necho "$SSH_AUTH_SOCK" >>'${seen}'\nshift\nexec sh -c "$*"\n`);
  await chmod(script, 0o755);
  await git(['config', 'remote.origin.url', `host.invalid:${world.bareDir}`], { cwd: clone.dir });
  await git(['config', 'ssh.variant', 'simple'], { cwd: clone.dir });
  const env = { GIT_SSH: script, SSH_AUTH_SOCK: '/tmp/agent.1', GIT_DIR: '/nonexistent', COORD_AGENT: 'somebody' };
  Object.assign(clone.env, { GIT_SSH: script });
  await clone.claim(['a'], { ttlMs: 1500 });
  await clone.wake(env);
  await waitFor(() => readFileSync(seen, 'utf8').includes('agent.1'), { what: 'the first agent' });
  await clone.logged('renewed a');
  await clone.wake({ ...env, SSH_AUTH_SOCK: '/tmp/agent.2' });
  await waitFor(() => readFileSync(seen, 'utf8').includes('agent.2'), { what: 'the second agent' });
  await beatsOn('a');
  expect(clone.log()).toContain('handed over its SSH_AUTH_SOCK');
  expect(clone.log()).not.toContain('agent.2');
});

test('a store that is deleted under it is made again', async () => {
  await clone.claim(['a'], { ttlMs: 1500 });
  await clone.start();
  await clone.logged('renewed a');
  await rm(join(clone.coordDir, 'store.git'), { recursive: true, maxRetries: 5 });
  await beatsOn('a');
  await beatsOn('a');
});

test.each(['the clone', 'the folder coord'])('%s is deleted under it: it ends', async (what) => {
  await clone.claim(['a'], { ttlMs: 1500 });
  const { pid } = await clone.start();
  await clone.logged('renewed a');
  // at once, as no round can make it half again
  await rename(what === 'the clone' ? clone.dir : clone.coordDir, join(world.dir, 'gone'));
  await ended(pid);
});

test('the worktree that started it is removed: it goes on for the clone', async () => {
  await git(['commit', '--quiet', '--allow-empty', '-m', 'first'], { cwd: clone.dir });
  const tree = join(world.dir, 'tree');
  await git(['worktree', 'add', '--quiet', tree], { cwd: clone.dir });
  await clone.claim(['a'], { ttlMs: 1500 });
  const child = clone.spawn(process.execPath, [cli.entry, '-C', tree, 'daemon', 'run']);
  await clone.logged('renewed a');
  await git(['worktree', 'remove', '--force', tree], { cwd: clone.dir });
  await git(['config', 'coord.claimTtl', '40s'], { cwd: clone.dir });
  await clone.logged('the configuration changed');
  await beatsOn('a');
  expect(child.exitCode).toBeNull();
});

test('the remote is away: it goes on, says so once, and beats when it is back', async () => {
  // long enough for the lease not to lapse while the remote is away: then it would be anybody's
  await clone.claim(['a'], { ttlMs: 6000 });
  const { pid } = await clone.start();
  await clone.logged('renewed a');
  await rename(world.bareDir, `${world.bareDir}.away`);
  await clone.logged('goes on trying');
  await clone.logged(/(debug (keeping claims|sweeping): [\s\S]*){3}/);
  await rename(`${world.bareDir}.away`, world.bareDir);
  await clone.logged('the book can be reached again');
  await beatsOn('a');
  expect(clone.log().split('goes on trying')).toHaveLength(2);
  expect(isRunning(pid)).toBe(true);
});

test('a configuration that is broken for a while: the last one goes on', async () => {
  await clone.claim(['a'], { ttlMs: 1500 });
  await clone.start();
  writeFileSync(join(clone.dir, '.coord.yml'), 'coordination: [');
  await clone.logged('goes on with the last configuration');
  await beatsOn('a');
  writeFileSync(join(clone.dir, '.coord.yml'), 'coordination:\n  poll_interval: 3s\n');
  await clone.logged('the configuration changed');
  await beatsOn('a');
});

test('a log that is full is moved aside; one that cannot be written is no reason to end', async () => {
  await clone.claim(['a'], { ttlMs: 1500 });
  await clone.start();
  await clone.logged('renewed a');
  const log = join(clone.coordDir, 'daemon.log');
  truncateSync(log, 1024 * 1024);
  await waitFor(() => existsSync(`${log}.1`) && statSync(log, { throwIfNoEntry: false })?.isFile(), {
    what: 'a new log',
  });
  rmSync(log);
  mkdirSync(log);
  await beatsOn('a');
  await beatsOn('a');
});

test('whatever is sent to its socket, it goes on', async () => {
  const { pid } = await clone.start();
  const path = join(clone.coordDir, 'daemon.sock');
  for (const text of ['\n', 'null\n', '{"op":"x"}\n', '{"op":"wake","env":5}\n', 'x'.repeat(200_000), '\0\n', '']) {
    const socket = connect(path);
    const answer = await new Promise<string>((resolve) => {
      let all = '';
      socket.on('data', (chunk) => {
        all += chunk;
      });
      socket.on('error', () => {}).on('close', () => resolve(all));
      socket.write(text);
      if (text === '') socket.destroy();
    });
    expect(answer.includes('true')).toBe(false);
  }
  const sight = await seeDaemon(clone.coordDir);
  expect(sight.kind === 'running' && sight.status.pid).toBe(pid);
});

test('a daemon that is stopped: a wake is quick, and `stop` ends it all the same', async () => {
  const { pid } = await clone.start();
  process.kill(pid, 'SIGSTOP');
  const startMs = performance.now();
  for (let count = 0; count < 5; count++) await clone.wake();
  expect(performance.now() - startMs).toBeLessThan(1000);
  process.kill(pid, 'SIGCONT');
  expect((await clone.command('stop')).status).toBe(0);
  await ended(pid);
});

test('idle it takes under 80 MB and under 1 % of a core', async () => {
  const { pid } = await clone.start();
  await clone.logged('began');
  const ticksPerSecond = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout);
  const cpuMs = (): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) * 1000) / ticksPerSecond;
  };
  // the first look at the book is work
  const begunMs = performance.now();
  await waitFor(() => performance.now() - begunMs > 2000, { what: 'two seconds' });
  const [startMs, startCpuMs] = [performance.now(), cpuMs()];
  await waitFor(() => performance.now() - startMs > 10_000, { deadlineMs: 20_000, what: 'ten seconds' });
  const share = (cpuMs() - startCpuMs) / (performance.now() - startMs);
  const sight = await seeDaemon(clone.coordDir);
  const rssBytes = sight.kind === 'running' ? sight.status.rssBytes : Number.NaN;
  console.info(`idle: ${(share * 100).toFixed(2)} % of a core, ${Math.round(rssBytes / 1024 / 1024)} MB`);
  expect(share).toBeLessThan(0.01);
  expect(rssBytes).toBeLessThan(80 * 1024 * 1024);
});
