import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Marks what a command starts by a variable in its environment, so that processes which left its process group (`setsid`,
 * a daemon) are found again. Only where there is a /proc; elsewhere the group is all that is ended.
 */
const markName = 'COORD_PROCESS_MARK';

/** Only one that the system holds lives on after SIGKILL. */
const killMsMax = 2000;
const killPollMs = 10;

export interface Mark {
  readonly text: string;
  /** `env`, marked. Marks of whoever supervises us stay: what we leave behind is theirs to end. */
  on(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
}

export const newMark = (): Mark => markOf(randomBytes(12).toString('hex'));

/** The mark of whatever is started for one thing, known again by whoever knows the thing's name. */
export const markFor = (name: string): Mark => markOf(createHash('sha256').update(name).digest('hex').slice(0, 24));

function markOf(text: string): Mark {
  return { text, on: (env) => ({ ...env, [markName]: [env[markName], text].filter(Boolean).join(',') }) };
}

/** Ends them at once. */
export async function killMarked(mark: Mark): Promise<void> {
  const untilMs = performance.now() + killMsMax;
  for (let pids = markedProcesses(mark); pids.length > 0; pids = markedProcesses(mark)) {
    for (const pid of pids) signalled(pid, 'SIGKILL');
    if (performance.now() > untilMs) return;
    await delay(killPollMs);
  }
}

/** Whether it is there. */
export function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** The living processes that carry the mark. */
export function markedProcesses({ text }: Mark): number[] {
  return processIds().filter((pid) => {
    const marks = environmentOf(pid)
      .split('\0')
      .find((variable) => variable.startsWith(`${markName}=`));
    return marks?.includes(text);
  });
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid));
  } catch {
    return [];
  }
}

/** Empty for one that has ended, or is another user's. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}
