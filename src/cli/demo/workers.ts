/** The processes of the demo: three workers, each the leader of a process group, and the daemons of their clones. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { workerNames } from './plan.ts';
import type { Scene } from './scene.ts';

export interface Workers {
  /** How many still run. */
  running(): number;
  /** SIGKILL for a worker with all that it started, and for its clone's daemon. */
  kill(worker: string, daemonPid: number | null): void;
  /** Ends all of them, and waits until they have gone. */
  end(): Promise<void>;
}

export function startWorkers(scene: Scene): Workers {
  const children = new Map(workerNames.map((worker) => [worker as string, startWorker(scene, worker)]));
  const gone = [...children.values()].map((child) => new Promise((resolve) => child.once('close', resolve)));
  const kill = (worker: string) => {
    const pid = children.get(worker)?.pid;
    if (pid !== undefined) killQuietly(-pid);
  };
  return {
    running: () =>
      [...children.values()].filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).length,
    kill: (worker, daemonPid) => {
      // the group first: one of its commands could start a daemon anew
      kill(worker);
      if (daemonPid !== null) killQuietly(daemonPid);
    },
    end: async () => {
      for (const worker of workerNames) kill(worker);
      await Promise.all(gone);
    },
  };
}

function startWorker(scene: Scene, worker: string): ChildProcess {
  const log = openSync(join(scene.folder, `${worker}.log`), 'a');
  try {
    return spawn('sh', [scene.script, String(process.pid)], {
      cwd: scene.clone(worker),
      env: scene.env(worker),
      // a process group of its own: it is killed with what it started, and Ctrl-C reaches us alone
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

/** Null when none runs, or when it can't be asked. */
export async function daemonPid(scene: Scene, worker: string): Promise<number | null> {
  const answer = await coord(scene, worker, 'status');
  try {
    const { running, pid } = JSON.parse(answer).data as { running: boolean; pid: unknown };
    return running && typeof pid === 'number' ? pid : null;
  } catch {
    return null;
  }
}

const stopTriesMax = 50;
const stopPollMs = 100;

/** Stops the daemons of all clones; one that doesn't listen is killed. */
export async function stopDaemons(scene: Scene): Promise<void> {
  await Promise.all(
    workerNames.map(async (worker) => {
      const pid = await daemonPid(scene, worker);
      if (pid === null) return;
      await coord(scene, worker, 'stop');
      for (let tries = 0; isAlive(pid); tries++) {
        if (tries === stopTriesMax) killQuietly(pid);
        if (tries > 2 * stopTriesMax) return;
        await delay(stopPollMs);
      }
    }),
  );
}

const coord = (scene: Scene, worker: string, action: string): Promise<string> =>
  scene.git(scene.clone(worker), ['coord', 'daemon', action, '--json'], worker).catch(() => '');

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A negative number names a process group. */
function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has gone already
  }
}
