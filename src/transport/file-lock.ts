/**
 * One process at a time, of those that share a store: for fetches, so that they don't fail on each other's ref locks,
 * and for taking a broken store away. No answer about a task depends on it, so a holder that is gone or stuck is
 * passed over.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CoordError } from '../errors.ts';

const pollMs = 8;
/** A lock that stays empty for this long was left by a process killed as it wrote; one stopped for this long won't go on soon. */
const idleMsMax = 1000;

/**
 * Runs `work` while holding the lock file.
 * @param holdMsMax a holder that is seen for longer than this is taken for stuck
 * @throws CoordError `unavailable` when the file can't be written
 */
export async function withFileLock<T>(path: string, holdMsMax: number, work: () => Promise<T>): Promise<T> {
  const token = `${process.pid} ${processAt(process.pid).started} ${randomBytes(8).toString('hex')}\n`;
  await acquire(path, token, holdMsMax);
  try {
    return await work();
  } finally {
    if ((await readLock(path)) === token) await rm(path, { force: true });
  }
}

async function acquire(path: string, token: string, holdMsMax: number): Promise<void> {
  let seen = '';
  let seenSinceMs = performance.now();
  for (;;) {
    try {
      await writeFile(path, token, { flag: 'wx' });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
        // a full disk leaves an empty file
        await rm(path, { force: true }).catch(() => {});
        const why = error instanceof Error ? error.message : String(error);
        throw new CoordError('unavailable', `${path} could not be written: ${why}`, { cause: error });
      }
    }
    const holder = await readLock(path);
    if (holder === null) continue;
    if (holder !== seen) {
      seen = holder;
      seenSinceMs = performance.now();
    }
    const heldMs = performance.now() - seenSinceMs;
    const state = stateOf(holder);
    if (state === 'gone' || heldMs > (state === 'idle' ? idleMsMax : holdMsMax)) await passOver(path, holder);
    else await delay(pollMs + Math.random() * pollMs);
  }
}

/** Takes a stale lock away. Somebody else's fresh one, which came in between, is put back. */
async function passOver(path: string, stale: string): Promise<void> {
  const aside = `${path}.stale-${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const taken = await readLock(aside);
  if (taken !== null && taken !== stale) await writeFile(path, taken, { flag: 'wx' }).catch(() => {});
  await rm(aside, { force: true });
}

async function readLock(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

/** An empty lock is one that is being written, or whose writer died just then: a time limit decides. */
function stateOf(holder: string): 'gone' | 'idle' | 'at work' {
  if (holder === '') return 'idle';
  const [pid, started] = holder.split(' ');
  if (pid === undefined || started === undefined || !/^[1-9]\d*$/.test(pid)) return 'at work';
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return 'gone';
  }
  const seen = processAt(Number(pid));
  if (seen.started !== started || seen.state === 'Z') return 'gone';
  return seen.state === 'T' || seen.state === 't' ? 'idle' : 'at work';
}

/**
 * When a process started, in the kernel's ticks, so that a reused pid isn't taken for it, and its state: `T` or `t` of
 * one that is stopped (SIGSTOP, a debugger), `Z` of one that has ended; `-` where the system can't tell.
 */
function processAt(pid: number): { started: string; state: string } {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { started: fields[19] ?? '-', state: fields[0] ?? '-' };
  } catch {
    return { started: '-', state: '-' };
  }
}
