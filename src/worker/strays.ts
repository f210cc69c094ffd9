import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Marks what a command starts by a variable in its environment, so that processes which left its process group (`setsid`,
 * a daemon) are found again. Only where there is a /proc; elsewhere the group is all that is ended.
 */
const markName = 'COORD_PROCESS_MARK';

export interface Mark {
  readonly text: string;
  /** `env`, marked. Marks of whoever supervises us stay: what we leave behind is theirs to end. */
  on(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
}

export function newMark(): Mark {
  const text = randomBytes(12).toString('hex');
  return { text, on: (env) => ({ ...env, [markName]: [env[markName], text].filter(Boolean).join(',') }) };
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
