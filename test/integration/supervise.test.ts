// Real commands that misbehave: they ignore SIGTERM, fork away, flood, never end, or can't be started.
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { type Command, supervise } from '../../src/worker/supervise.ts';
import { running } from '../helpers/processes.ts';
import { makeScratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

const shell = (script: string, more: Partial<Command> = {}) =>
  supervise({
    command: 'sh',
    args: ['-c', script],
    cwd: process.cwd(),
    env: process.env,
    graceMs: 200,
    outputBytesMax: 4000,
    ...more,
  });

/** A number of seconds to sleep that no other test has. */
let last = 0;
const forLong = (): string => `${100_000 + process.pid}.${++last}`;

describe('how a command ends', () => {
  test.each([
    ['exit 0', { kind: 'exited', status: 0 }],
    ['exit 3', { kind: 'exited', status: 3 }],
    ['no-such-command', { kind: 'exited', status: 127 }],
    ['kill -9 $$', { kind: 'signalled', signal: 'SIGKILL' }],
  ])('%s', async (script, ending) => {
    expect((await shell(script).ended).ending).toEqual(ending);
  });

  test('a program that is not there, and a folder', async () => {
    const program = await shell('', { command: 'no-such-command' }).ended;
    expect(program.ending).toMatchObject({ kind: 'not-started', notFound: true });
    const folder = await shell('true', { cwd: '/no/such/folder' }).ended;
    expect(folder.ending).toMatchObject({ kind: 'not-started' });
    const right = await shell('', { command: process.cwd() }).ended;
    expect(right.ending).toMatchObject({ kind: 'not-started', notFound: false });
  });

  test('at its deadline, with all that it started', async () => {
    const word = forLong();
    const { ending } = await shell(`sleep ${word} & sleep ${word}`, { timeoutMs: 200 }).ended;
    expect(ending).toEqual({ kind: 'timed-out' });
    expect(running(word)).toEqual([]);
  });

  test('later, when it does something', async () => {
    const command = shell('for n in 1 2 3 4 5 6 7 8 9 10 11; do sleep 0.25; echo $n; done', {
      timeoutMs: 2000,
      onLine: () => command.postpone(),
    });
    expect((await command.ended).ending).toEqual({ kind: 'exited', status: 0 });
  });

  test('stopped: before it is even seen to run, and while it ignores SIGTERM', async () => {
    const before = await shell(`sleep ${forLong()}`, { signal: AbortSignal.abort() }).ended;
    expect(before.ending).toEqual({ kind: 'stopped' });
    const word = forLong();
    const stop = new AbortController();
    const deaf = shell(`trap '' TERM; echo deaf; while :; do sleep ${word}; done`, {
      signal: stop.signal,
      onLine: () => stop.abort(),
    });
    expect((await deaf.ended).ending).toEqual({ kind: 'stopped' });
    expect(running(word)).toEqual([]);
  });

  test('one that cleans up on SIGTERM is waited for', async () => {
    const stop = new AbortController();
    const command = shell("trap 'sleep 0.3; echo cleaned; exit 0' TERM; echo up; while :; do sleep 0.05; done", {
      signal: stop.signal,
      graceMs: 10_000,
      onLine: () => stop.abort(),
    });
    const { ending, output } = await command.ended;
    expect(ending).toEqual({ kind: 'stopped' });
    expect(output).toContain('cleaned');
  });
});

describe('what it leaves behind', () => {
  test.skipIf(process.platform !== 'linux')('a process that forked away is ended, and holds nothing up', async () => {
    const word = forLong();
    const { ending, output } = await shell(`setsid sleep ${word} & sleep ${word} & echo started`).ended;
    expect(ending).toEqual({ kind: 'exited', status: 0 });
    expect(output).toBe('started\n');
    await waitFor(() => running(word).length === 0, { what: 'they have ended' });
  });

  test.skipIf(process.platform !== 'linux')('what a supervised command supervises is ended with it', async () => {
    const word = forLong();
    const stop = new AbortController();
    const scratch = await makeScratch();
    const bundle = join(scratch.dir, 'supervise.mjs');
    await build({
      entryPoints: ['src/worker/supervise.ts'],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: bundle,
    });
    // in a process group of its own; setsid would leave at once, and be ended by the inner one
    const inner = `import { supervise } from '${bundle}';
      supervise({ command: 'sleep', args: [process.env.WORD], cwd: '/', env: process.env, graceMs: 9e5, outputBytesMax: 10 });
      process.on('SIGTERM', () => {});`;
    const outer = supervise({
      command: process.execPath,
      args: ['--input-type=module', '-e', inner],
      cwd: process.cwd(),
      env: { ...process.env, WORD: word },
      graceMs: 100,
      signal: stop.signal,
      outputBytesMax: 4000,
    });
    await Promise.race([
      waitFor(() => running(word).length > 0, { what: 'the inner command runs' }),
      outer.ended.then(({ output }) => Promise.reject(new Error(output))),
    ]);
    stop.abort();
    await outer.ended;
    await waitFor(() => running(word).length === 0, { what: 'the inner command has ended' });
    await scratch.remove();
  });
});

describe('what it prints', () => {
  test('is kept within the bound: the beginning and the end', async () => {
    const { output } = await shell('echo first; seq 1 200000; echo last').ended;
    expect(output.length).toBeLessThan(4100);
    expect(output.startsWith('first\n1\n2\n')).toBe(true);
    expect(output.endsWith('200000\nlast\n')).toBe(true);
    expect(output).toMatch(/\[\d+ bytes left out\]/);
  });

  test('comes line by line, on both streams, the last one too, and never endlessly long', async () => {
    const lines: string[] = [];
    const script = `echo one; echo two >&2; head -c 100000 /dev/zero | tr '\\0' x; printf '\\nlast'`;
    await shell(script, { onLine: (line) => lines.push(line) }).ended;
    expect(lines.map((line) => line.slice(0, 10)).toSorted()).toEqual(['last', 'one', 'two', 'xxxxxxxxxx']);
    expect(Math.max(...lines.map((line) => line.length))).toBe(16 * 1024);
  });
});
