import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gitEnvironment, runGit } from '../../src/transport/git-process.ts';
import { borrowGitRunner } from '../../src/transport/git-runner.ts';
import { running } from '../helpers/processes.ts';
import { makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let scratch: Scratch;
let giveBack: () => void;
const timeoutMs = 30_000;
const git = (
  args: readonly string[],
  more: { input?: Buffer; later?: Promise<Buffer | null>; env?: NodeJS.ProcessEnv } = {},
) => runGit(args, { cwd: scratch.dir, timeoutMs, ...more, env: gitEnvironment(process.env, more.env) });

/** Other tests have theirs. */
const runners = () => running('git-runner.cjs').filter((pid) => parentOf(pid) === `${process.pid}`);

function endIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it went with another one of them
  }
}

function parentOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[3];
  } catch {
    // it has just ended
    return undefined;
  }
}

beforeEach(async () => {
  scratch = await makeScratch();
  giveBack = borrowGitRunner(process.env);
});
afterEach(async () => {
  giveBack();
  await waitFor(() => runners().length === 0, { what: 'no runner is left' });
  await scratch.remove();
});

test('git is run by it, with its input, what follows that, its status and its words', async () => {
  await git(['init', '--quiet']);
  const later = Promise.resolve(Buffer.from('\0two'));
  const { stdout, status } = await git(['hash-object', '-w', '--stdin'], { input: Buffer.from('one'), later });
  expect(status).toBe(0);
  expect((await git(['cat-file', 'blob', stdout.toString().trim()])).stdout).toEqual(Buffer.from('one\0two'));
  expect(await git(['no-such-command'])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('no-such-command'),
  });
  expect(runners()).toHaveLength(1);
});

test('a variable that is not set stays so', async () => {
  const { stdout } = await git(['-c', 'alias.e=!env', 'e'], { env: { NOT_SET: undefined, IS_SET: 'x' } });
  expect(stdout.toString()).toContain('IS_SET=x');
  expect(stdout.toString()).not.toContain('NOT_SET');
});

test('git that is not there is said as ever', async () => {
  await expect(git(['version'], { env: { PATH: scratch.dir } })).rejects.toMatchObject({ code: 'unavailable' });
});

test('killed, what was under way counts as killed, and the next is run here', async () => {
  const nap = 'sleep 61.37';
  const slow = git(['-c', `alias.s=!${nap}`, 's']);
  await waitFor(() => running(nap).length > 0, { what: 'git at work' });
  const [runner] = runners();
  if (runner === undefined) throw new Error('no runner');
  process.kill(runner, 'SIGKILL');
  expect(await slow).toMatchObject({ status: null, signal: 'SIGKILL' });
  expect((await git(['version'])).status).toBe(0);
  for (const pid of running(nap)) endIfThere(pid);
});

test('two users share one, which ends with the second', async () => {
  const second = borrowGitRunner(process.env);
  await git(['version']);
  expect(runners()).toHaveLength(1);
  second();
  expect((await git(['version'])).status).toBe(0);
  expect(runners()).toHaveLength(1);
});
