import { readdirSync, readlinkSync } from 'node:fs';
import { sep } from 'node:path';
import { processFacts } from '../config/sessions.ts';

/**
 * The processes that are at home in a folder (their current folder is there), this one and its ancestors aside: whoever asks
 * may sit there. Null where the system can't tell.
 */
export function processesIn(dir: string): number[] | null {
  const own = new Set(ancestry(process.pid));
  try {
    const pids = readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && !own.has(pid));
    return pids.filter((pid) => {
      const at = homeOf(pid);
      return at === dir || at.startsWith(dir + sep);
    });
  } catch {
    return null;
  }
}

const depthMax = 64;

function ancestry(pid: number): number[] {
  const pids: number[] = [];
  for (let at = pid; at > 1 && pids.length < depthMax; at = processFacts(at)?.parent ?? 0) pids.push(at);
  return pids;
}

/** Empty for one that has ended, or is another user's. */
function homeOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
