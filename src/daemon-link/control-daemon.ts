import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CoordError } from '../errors.ts';
import { askDaemon } from './ask-daemon.ts';
import { type DaemonFile, daemonFilePath, parseDaemonFile, readDaemonText } from './daemon-file.ts';
import type { DaemonStatus } from './messages.ts';
import { stateOf } from './process-identity.ts';
import { spawnDaemon, startingPid, type WakeRequest } from './wake-daemon.ts';

/** How a store's daemon is, as far as others can see. `silent`: the process is there and doesn't answer. */
export type DaemonSight =
  | { readonly kind: 'absent' }
  | { readonly kind: 'silent'; readonly file: DaemonFile }
  | { readonly kind: 'running'; readonly file: DaemonFile; readonly status: DaemonStatus };

const askTimeoutMs = 2000;
const startDeadlineMs = 5000;
/** A daemon lets a push under way end, for 5 s. */
const stopDeadlineMs = 10_000;
const pollMs = 25;

export async function seeDaemon(coordDir: string, timeoutMs: number = askTimeoutMs): Promise<DaemonSight> {
  const file = parseDaemonFile(readDaemonText(coordDir));
  if (file === null) return { kind: 'absent' };
  const process = stateOf(file);
  if (process === 'gone') return { kind: 'absent' };
  const asked = await askDaemon(file.socket, { op: 'status' }, timeoutMs);
  if (asked.kind === 'answered') return { kind: 'running', file, status: asked.status };
  return asked.kind === 'refused' && process === 'unknown' ? { kind: 'absent' } : { kind: 'silent', file };
}

/**
 * Starts the daemon where none runs and waits until it answers.
 * @throws CoordError `unavailable` when it doesn't within 5 s
 */
export async function startDaemon(request: Omit<WakeRequest, 'watchMs'>): Promise<DaemonStatus> {
  const first = await seeDaemon(request.coordDir);
  if (first.kind === 'running') return first.status;
  spawnDaemon(request);
  const untilMs = performance.now() + startDeadlineMs;
  while (performance.now() < untilMs) {
    const sight = await seeDaemon(request.coordDir, 500);
    if (sight.kind === 'running') return sight.status;
    await delay(pollMs);
  }
  throw new CoordError('unavailable', `the daemon did not answer within ${startDeadlineMs / 1000} s`, {
    hint: 'What it says stands in daemon.log in the folder coord of the git folder.',
    next: ['git coord daemon run'],
  });
}

/** Commands that run at the same time may each start one. */
const stopsMax = 5;

/**
 * Ends the daemon and waits until it is gone; one that doesn't listen is sent SIGTERM, then SIGKILL. So it does with one that was
 * started meanwhile and waits for the first to go. Answers the pid of the last one, or null where none runs.
 * @throws CoordError `unavailable` when it can't be ended from here
 */
export async function stopDaemon(coordDir: string): Promise<number | null> {
  let last: number | null = null;
  for (let stops = 0; stops < stopsMax; stops++) {
    const pid = await stopOne(coordDir);
    if (pid === null) break;
    last = pid;
    if (startingPid(coordDir) === null) break;
  }
  return last;
}

async function stopOne(coordDir: string): Promise<number | null> {
  const sight = await seeStarted(coordDir);
  if (sight.kind === 'absent') return null;
  const { file } = sight;
  const asked = await askDaemon(file.socket, { op: 'stop' }, askTimeoutMs);
  if (asked.kind !== 'answered') signal(file, 'SIGTERM');
  if (await isGone(coordDir, file, stopDeadlineMs)) return file.pid;
  signal(file, 'SIGKILL');
  if (!(await isGone(coordDir, file, 2000)))
    throw new CoordError('unavailable', `the daemon (process ${file.pid}) can't be ended from here`);
  return file.pid;
}

/** One that a command has just started is waited for: it would come up behind our back. */
async function seeStarted(coordDir: string): Promise<DaemonSight> {
  const untilMs = performance.now() + startDeadlineMs;
  for (;;) {
    const sight = await seeDaemon(coordDir);
    if (sight.kind !== 'absent' || startingPid(coordDir) === null || performance.now() > untilMs) return sight;
    await delay(pollMs);
  }
}

/** Only while it certainly is that process. */
function signal(file: DaemonFile, name: NodeJS.Signals): void {
  if (stateOf(file) === 'alive') process.kill(file.pid, name);
}

async function isGone(coordDir: string, file: DaemonFile, deadlineMs: number): Promise<boolean> {
  const untilMs = performance.now() + deadlineMs;
  const text = readDaemonText(coordDir);
  const isOurs = () => readDaemonText(coordDir) === text;
  while (performance.now() < untilMs) {
    const state = stateOf(file);
    if (state === 'gone' || (state === 'unknown' && !isOurs())) {
      // killed, it left its file behind; nobody else has written one
      if (state === 'gone' && isOurs()) rmSync(daemonFilePath(coordDir), { force: true });
      return true;
    }
    await delay(pollMs);
  }
  return false;
}
