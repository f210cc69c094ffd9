import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gitEnvironment, runGit } from '../../../src/transport/git-process.ts';
import { makeScratch, type Scratch } from '../../helpers/repo.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const env = gitEnvironment(process.env);
const timeoutMs = 20_000;

describe('gitEnvironment', () => {
  test('drops what git says is local to a repository, and keeps the configuration of the user', () => {
    const local = execFileSync('git', ['rev-parse', '--local-env-vars'], { encoding: 'utf8' }).trim().split('\n');
    const names = [...local, 'GIT_NAMESPACE', 'GIT_QUARANTINE_PATH'];
    const inherited = Object.fromEntries(names.map((name) => [name, 'x']));
    const made = gitEnvironment({ ...inherited, GIT_CONFIG_KEY_0: 'a.b', HOME: '/home/x', LC_ALL: 'de_DE' });
    expect(made).toEqual({
      GIT_CONFIG: 'x',
      GIT_CONFIG_PARAMETERS: 'x',
      GIT_CONFIG_COUNT: 'x',
      GIT_CONFIG_KEY_0: 'a.b',
      HOME: '/home/x',
      LC_ALL: 'C',
      GIT_TERMINAL_PROMPT: '0',
      GIT_OPTIONAL_LOCKS: '0',
    });
    expect(gitEnvironment({ GIT_SHALLOW_FILE: 'a' }, { GIT_SHALLOW_FILE: 'b' })).toHaveProperty(
      'GIT_SHALLOW_FILE',
      'b',
    );
  });
});

describe('runGit', () => {
  let scratch: Scratch;
  beforeEach(async () => {
    scratch = await makeScratch();
  });
  afterEach(() => scratch.remove());

  const alias = (script: string) => ['-c', `alias.x=!${script}`, 'x'];

  test('gives status, output and words', async () => {
    const { status, stdout, stderr, timedOut } = await runGit(alias('echo out; echo err >&2; exit 3'), {
      cwd: scratch.dir,
      env,
      timeoutMs,
    });
    expect({ status, stdout: stdout.toString(), stderr, timedOut }).toEqual({
      status: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      timedOut: false,
    });
  });

  test('ends the whole process group at its time limit (trap 31)', async () => {
    const script = 'sleep 1000 & echo $! > pid; wait';
    const startMs = performance.now();
    const result = await runGit(alias(script), { cwd: scratch.dir, env, timeoutMs: 700 });
    expect(result.timedOut).toBe(true);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    const pid = readFileSync(join(scratch.dir, 'pid'), 'utf8').trim();
    await waitFor(() => !isRunning(pid), { what: 'the sleep has ended' });
  });

  test('does not wait for a process that git left behind with its pipes', async () => {
    const startMs = performance.now();
    const { stdout } = await runGit(alias('echo here; setsid sleep 30 & echo $! > pid'), {
      cwd: scratch.dir,
      env,
      timeoutMs,
    });
    expect(stdout.toString()).toBe('here\n');
    expect(performance.now() - startMs).toBeLessThan(15_000);
    process.kill(Number(readFileSync(join(scratch.dir, 'pid'), 'utf8')));
  });

  test('stands input that is not read (EPIPE)', async () => {
    const input = Buffer.alloc(4 * 1024 * 1024);
    const { status } = await runGit(['version'], { cwd: scratch.dir, env, timeoutMs, input });
    expect(status).toBe(0);
  });

  test('bounds the output', async () => {
    const run = runGit(alias('yes'), { cwd: scratch.dir, env, timeoutMs, outputBytesMax: 100_000 });
    await expect(run).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('100000 bytes') });
  });

  test('says that there is no git, or no folder', async () => {
    const nowhere = { ...env, PATH: scratch.dir };
    const noGit = { code: 'unavailable', message: 'git was not found on the PATH' };
    await expect(runGit(['version'], { cwd: tmpdir(), env: nowhere, timeoutMs })).rejects.toMatchObject(noGit);
    const gone = join(scratch.dir, 'gone');
    await expect(runGit(['version'], { cwd: gone, env, timeoutMs })).rejects.toMatchObject({
      code: 'unavailable',
      message: `the folder ${gone} does not exist`,
    });
  });
});

function isRunning(pid: string): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
