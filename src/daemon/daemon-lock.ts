/**
 * One daemon for each store (trap 32). `daemon.json`, made with O_EXCL, says which process it is; the socket tells
 * whether it lives. A file whose process is gone, or has not listened for a while, is passed over. Two that pass it over
 * at once can't both stay: each looks whether the file is still its own, and ends when it isn't.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { askDaemon } from '../daemon-link/ask-daemon.ts';
import { type DaemonFile, daemonFilePath, parseDaemonFile, readDaemonText } from '../daemon-link/daemon-file.ts';
import { stateOf } from '../daemon-link/process-identity.ts';
import { CoordError } from '../errors.ts';

export interface DaemonLock {
  isOurs(): boolean;
  release(): void;
}

/** A daemon that starts writes its file before it listens. */
const listenDelayMs = 1500;
const askTimeoutMs = 1000;
/** One of another version is asked to end, and finishes its round first. */
const replaceDeadlineMs = 15_000;
const pollMs = 20;

/**
 * Answers the lock, or the daemon that runs already.
 * @throws CoordError `unavailable` when the file can't be written, or a daemon of another version doesn't end
 */
export async function takeDaemonLock(coordDir: string, mine: DaemonFile): Promise<DaemonLock | DaemonFile> {
  const text = `${JSON.stringify(mine)}\n`;
  const deadlineMs = performance.now() + replaceDeadlineMs;
  let seen = '';
  let seenSinceMs = 0;
  while (performance.now() < deadlineMs) {
    const found = readDaemonText(coordDir);
    if (found === null) {
      if (write(daemonFilePath(coordDir), text)) return lockOf(coordDir, text);
      continue;
    }
    if (found !== seen) [seen, seenSinceMs] = [found, performance.now()];
    const life = await lifeOf(parseDaemonFile(found), mine.version);
    if (life.kind === 'runs') return life.file;
    const waited = performance.now() - seenSinceMs > listenDelayMs;
    if (life.kind === 'gone' || (life.kind === 'deaf' && waited)) passOver(coordDir, found);
    else await delay(pollMs);
  }
  throw new CoordError('unavailable', 'a daemon of another version of git-coord runs and does not end', {
    next: ['git coord daemon stop'],
  });
}

/** `deaf`: perhaps about to listen. `leaving`: of another version, and asked to end. */
type Life = { readonly kind: 'gone' | 'deaf' | 'leaving' } | { readonly kind: 'runs'; readonly file: DaemonFile };

async function lifeOf(file: DaemonFile | null, version: string): Promise<Life> {
  if (file === null) return { kind: 'deaf' };
  if (stateOf(file) === 'gone') return { kind: 'gone' };
  const op = file.version === version ? 'status' : 'stop';
  const asked = await askDaemon(file.socket, { op }, askTimeoutMs);
  if (asked.kind === 'refused') return { kind: 'deaf' };
  return file.version === version ? { kind: 'runs', file } : { kind: 'leaving' };
}

/** False: another process was faster. */
function write(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    // a full disk leaves an empty file
    rmSync(path, { force: true });
    throw new CoordError('unavailable', `${path} could not be written`, { cause: error });
  }
}

/** Takes a stale file away. Somebody else's fresh one, which came in between, is put back. */
function passOver(coordDir: string, stale: string): void {
  const path = daemonFilePath(coordDir);
  const aside = `${path}.${randomBytes(6).toString('hex')}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const taken = readFileSync(aside, 'utf8');
  if (taken !== stale) write(path, taken);
  rmSync(aside, { force: true });
}

function lockOf(coordDir: string, text: string): DaemonLock {
  const isOurs = () => readDaemonText(coordDir) === text;
  return {
    isOurs,
    release() {
      if (isOurs()) rmSync(daemonFilePath(coordDir), { force: true });
    },
  };
}
