import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * `coord/metrics.ndjson`: a line for each command, and for what a daemon or a program did meanwhile, for counting. Bounded: one
 * old file is kept; what older ones said stays in the totals (metrics-totals.ts).
 */
export interface MetricsLine {
  readonly at: string;
  readonly op: string;
  /** `ok`, or the code of the error. */
  readonly result: string;
  readonly ms: number;
  readonly pushes: number;
  /** What it did, how that ended, how long it took in milliseconds, and how many they were. */
  readonly measured?: readonly (readonly [what: string, result: string, ms: number, times: number])[];
}

const bytesMax = 1024 * 1024;

export const metricsPath = (coordDir: string): string => join(coordDir, 'metrics.ndjson');
export const oldMetricsPath = (path: string): string => `${path}.1`;

/** Appended in one write, so that lines of several processes don't mix. What can't be written is not worth a failure. */
export function appendMetrics(path: string, line: MetricsLine): void {
  try {
    // no folder above it: where a repository was removed none is begun
    if (!existsSync(dirname(path))) mkdirSync(dirname(path));
    appendFileSync(path, `${JSON.stringify(line)}\n`);
  } catch {
    // A full or read-only disk shows in the command's own work; counting must not add a failure of its own.
  }
}

/** It is to be rotated. */
export const metricsAreLong = (path: string): boolean =>
  (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > bytesMax;

/** @param count has its lines counted before the old file is replaced */
export function rotateMetrics(path: string, count: () => void): void {
  try {
    count();
    // another process may have done it meanwhile: then this one is short
    if (metricsAreLong(path)) renameSync(path, oldMetricsPath(path));
  } catch {
    // as above
  }
}

/** Pushes in the minute before `nowMs` (wall clock: for people). */
export function pushesLastMinute(path: string, nowMs: number): number {
  let pushes = 0;
  for (const raw of (readMetrics(path) ?? '').split('\n').reverse()) {
    const line = parseLine(raw);
    if (line === null) continue;
    const ageMs = nowMs - Date.parse(line.at);
    if (ageMs > 60_000) break;
    if (ageMs >= 0) pushes += line.pushes;
  }
  return pushes;
}

/** Null: it isn't there, or can't be read. */
export function readMetrics(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

export function parseLine(raw: string): MetricsLine | null {
  try {
    const line: unknown = JSON.parse(raw);
    return typeof line === 'object' && line !== null ? (line as MetricsLine) : null;
  } catch {
    return null;
  }
}
