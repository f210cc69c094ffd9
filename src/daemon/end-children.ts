import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processFacts } from '../config/sessions.ts';

/** After SIGTERM git removes its lock files. */
const graceMs = 500;
const pollMs = 20;

/**
 * Ends the git processes that still run for us, each with its process group (trap 31), and waits for it. Where there is
 * no /proc they can't be found; each then ends by its own time limit.
 */
export async function endChildren(): Promise<void> {
  const children = childrenOf(process.pid);
  signalGroups(children, 'SIGTERM');
  const untilMs = performance.now() + graceMs;
  while (performance.now() < untilMs && children.some(isThere)) await delay(pollMs);
  signalGroups(children.filter(isThere), 'SIGKILL');
}

function childrenOf(parent: number): number[] {
  const pids = names('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => processFacts(pid)?.parent === parent);
}

function isThere(pid: number): boolean {
  const state = processFacts(pid)?.state;
  return state !== undefined && state !== 'Z';
}

function signalGroups(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(-pid, signal);
    } catch {
      // it has ended
    }
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
