import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tellDaemon } from './ask-daemon.ts';
import { daemonLogPath, parseDaemonFile, readDaemonText } from './daemon-file.ts';
import { daemonEnvironment, lentBy } from './environment.ts';
import { stateOf } from './process-identity.ts';
import { daemonVersion } from './version.ts';

export interface WakeRequest {
  /** `<git common dir>/coord` */
  readonly coordDir: string;
  /** A folder in the clone. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file that Node runs as the command line (`process.argv[1]` of a command). */
  readonly entry: string;
  /** How long the caller will wait for somebody else's claim, 0 if it won't: the daemon watches that long. */
  readonly watchMs?: number;
}

/** A daemon that is busy or stopped takes a line all the same, as long as the kernel keeps it. */
const tellTimeoutMs = 50;

/** It keeps a few hundred records in memory and mostly waits. */
const nodeFlags = ['--max-old-space-size=64', '--max-semi-space-size=1', '--no-warnings'];

/**
 * Has the daemon of this store look at `coord/held` now; starts one where none runs, or one of another version, which
 * then ends. Takes a few milliseconds, doesn't wait for the daemon, and never fails: answers a warning for people, or
 * null. To be called after the ledger says what is held: a daemon that is about to end looks once more.
 */
export async function wakeDaemon(request: WakeRequest): Promise<string | null> {
  try {
    const file = parseDaemonFile(readDaemonText(request.coordDir));
    if (file !== null && file.version === daemonVersion && stateOf(file) !== 'gone') {
      const { env, watchMs = 0 } = request;
      if (await tellDaemon(file.socket, { op: 'wake', env: lentBy(env), watchMs }, tellTimeoutMs)) return null;
      // It has just started and will look at once, or has lost its socket: the new one finds out which.
    }
    spawnDaemon(request);
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `the daemon could not be started, so nobody renews the claims of this clone: ${why}`;
  }
}

/** @throws Error when the process can't be started */
export function spawnDaemon({ coordDir, cwd, env, entry }: Omit<WakeRequest, 'watchMs'>): void {
  const log = openLog(coordDir);
  try {
    const child = spawn(process.execPath, [...nodeFlags, entry, 'daemon', 'run'], {
      cwd,
      env: daemonEnvironment(env),
      // a session of its own: it outlives the terminal, and Ctrl-C there isn't meant for it
      detached: true,
      stdio: ['ignore', 'ignore', log ?? 'ignore'],
    });
    child.on('error', () => {});
    child.unref();
    if (child.pid === undefined) throw new Error(`${process.execPath} can't be run in ${cwd}`);
    noteStarting(coordDir, child.pid);
  } finally {
    if (log !== null) closeSync(log);
  }
}

const startingPath = (coordDir: string): string => join(coordDir, 'daemon.starting');

/** Until it has written its own file, this is how `daemon stop` finds it. */
function noteStarting(coordDir: string, pid: number): void {
  try {
    writeFileSync(startingPath(coordDir), String(pid));
  } catch {
    // A full disk: the daemon will say so itself.
  }
}

/** The process that was started last, if it still runs; null: none. It may have become the daemon meanwhile, or ended. */
export function startingPid(coordDir: string): number | null {
  try {
    const pid = Number(readFileSync(startingPath(coordDir), 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}

/** For what the daemon itself can't write there, as a failure of its start. */
function openLog(coordDir: string): number | null {
  try {
    return openSync(daemonLogPath(coordDir), 'a');
  } catch {
    return null;
  }
}
