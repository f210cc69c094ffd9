import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `coord/metrics.ndjson`: a line for each command and each push of the daemon, for counting later. Bounded: one old file is kept. */
export interface MetricsLine {
  readonly at: string;
  readonly op: string;
  /** `ok`, or the code of the error. */
  readonly result: string;
  readonly ms: number;
  readonly pushes: number;
}

const bytesMax = 1024 * 1024;

export const metricsPath = (coordDir: string): string => join(coordDir, 'metrics.ndjson');

/** Appended in one write, so that lines of several processes don't mix. What can't be written is not worth a failure. */
export function appendMetrics(path: string, line: MetricsLine): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > bytesMax) renameSync(path, `${path}.1`);
    appendFileSync(path, `${JSON.stringify(line)}\n`);
  } catch {
    // A full or read-only disk shows in the command's own work; counting must not add a failure of its own.
  }
}

/** Pushes in the minute before `nowMs` (wall clock: for people). */
export function pushesLastMinute(path: string, nowMs: number): number {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return 0;
  }
  let pushes = 0;
  for (const raw of text.split('\n').reverse()) {
    const line = parse(raw);
    if (line === null) continue;
    const ageMs = nowMs - Date.parse(line.at);
    if (ageMs > 60_000) break;
    if (ageMs >= 0) pushes += line.pushes;
  }
  return pushes;
}

function parse(raw: string): MetricsLine | null {
  try {
    return JSON.parse(raw) as MetricsLine;
  } catch {
    return null;
  }
}
