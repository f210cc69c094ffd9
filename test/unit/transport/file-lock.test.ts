import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withFileLock } from '../../../src/transport/file-lock.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coord-test-'));
  path = join(folder, 'a.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** No test here may pass by waiting for this to be over. */
const foreverMs = 3_600_000;

test('one at a time', async () => {
  const steps: string[] = [];
  const work = (name: string) =>
    withFileLock(path, foreverMs, async () => {
      steps.push(name);
      await new Promise(setImmediate);
      expect((await readFile(path, 'utf8')).startsWith(`${process.pid} `)).toBe(true);
      steps.push(name);
    });
  await Promise.all(['a', 'b', 'c'].map(work));
  const [first, second, third] = [steps[0], steps[2], steps[4]];
  expect(steps).toEqual([first, first, second, second, third, third]);
  expect(await readdir(folder)).toEqual([]);
});

test('given back when the work fails', async () => {
  await expect(withFileLock(path, foreverMs, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(existsSync(path)).toBe(false);
});

test('a holder that is gone is passed over, and so is one whose number is somebody else by now', async () => {
  const child = spawn('true');
  await once(child, 'close');
  for (const holder of [`${child.pid} 1 a\n`, `${process.pid} 1 a\n`]) {
    await writeFile(path, holder);
    expect(await withFileLock(path, foreverMs, async () => 'done')).toBe('done');
  }
  expect(await readdir(folder)).toEqual([]);
});

test('a process killed between making the lock and writing it holds up nobody', async () => {
  await writeFile(path, '');
  expect(await withFileLock(path, foreverMs, async () => 'done')).toBe('done');
  expect(await readdir(folder)).toEqual([]);
});

test('a process that somebody stopped holds up nobody', async () => {
  const child = spawn('sleep', ['infinity']);
  try {
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
    await writeFile(path, `${child.pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]} a\n`);
    child.kill('SIGSTOP');
    expect(await withFileLock(path, foreverMs, async () => 'done')).toBe('done');
  } finally {
    child.kill('SIGKILL');
  }
});

test('a holder that lives but hangs is passed over in time, and does not take the next lock away', async () => {
  let wake = () => {};
  const hangs = withFileLock(path, foreverMs, () => new Promise<void>((resolve) => (wake = resolve)));
  await withFileLock(path, 100, async () => {
    wake();
    await hangs;
    expect(existsSync(path)).toBe(true);
  });
  expect(existsSync(path)).toBe(false);
});
