import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * `coord/logs/<task>.<term>.log`: what a command printed, to look at while it runs (`tail -f`) and afterwards. A disk that is
 * full ends the log, not the work.
 */
export interface TaskLog {
  readonly path: string;
  add(line: string): void;
  /** `text`: what is kept of all, where it was too much. */
  end(text: string): void;
}

export const logBytesMax = 1024 * 1024;
const logsMax = 200;

export const taskLogPath = (coordDir: string, task: string, term: number): string =>
  join(coordDir, 'logs', `${task}.${term}.log`);

export function openTaskLog(coordDir: string, task: string, term: number): TaskLog {
  const path = taskLogPath(coordDir, task, term);
  const folder = dirname(path);
  let file: number | null = null;
  let bytes = 0;
  ignoring(() => {
    mkdirSync(folder, { recursive: true });
    dropOldest(folder);
    file = openSync(path, 'w');
  });
  return {
    path,
    add(line) {
      bytes += Buffer.byteLength(line) + 1;
      if (file !== null && bytes <= logBytesMax) ignoring(() => writeSync(file as number, `${line}\n`));
    },
    end(text) {
      if (file === null) return;
      ignoring(() => closeSync(file as number));
      if (bytes > logBytesMax) ignoring(() => writeFileSync(path, text));
    },
  };
}

function dropOldest(folder: string): void {
  const logs = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => ({ name, atMs: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.atMs - a.atMs);
  for (const { name } of logs.slice(logsMax - 1)) rmSync(join(folder, name), { force: true });
}

function ignoring(action: () => void): void {
  try {
    action();
  } catch {
    // a log is a convenience
  }
}
