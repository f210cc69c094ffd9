/**
 * What the lines of `coord/metrics.ndjson` add up to, kept beside it: a counter must not fall when old lines go, since whoever
 * reads it would take that for a restart and count all of it again.
 *
 * A file of lines is known by its first line, wherever it was moved to, and is counted as far as its last whole line; the totals
 * say how far. So a line counts once, whoever counts, and no lock is needed: the totals are replaced whole, with how far they
 * go, and an older one that wins a race is counted on from. The newest file is read first and the totals last: a rotation
 * in between is then either not seen, or its file is seen twice and counted once.
 */
import { createHash } from 'node:crypto';
import type { Folder } from './folder.ts';
import { type MetricsLine, oldMetricsPath, parseLine, readMetrics } from './metrics-log.ts';

export interface Counting<T> {
  empty(): T;
  add(totals: T, line: MetricsLine): void;
}

interface Kept<T> {
  readonly v: 1;
  /** How far each file was counted, in bytes, the newest last. */
  readonly files: Record<string, number>;
  readonly totals: T;
}

const filesMax = 4;
const fileName = 'metrics-totals.json';

/** All lines there ever were, counted. What can't be kept is counted again next time. @param folder that of the totals */
export function countMetrics<T>(path: string, folder: Folder, { empty, add }: Counting<T>): T {
  const texts = [readMetrics(path), readMetrics(oldMetricsPath(path))];
  const { files, totals } = read<T>(folder) ?? { files: {}, totals: empty() };
  const known = new Map(Object.entries(files));
  for (const text of texts.reverse()) {
    const bytes = Buffer.from(text ?? '');
    const name = nameOf(bytes);
    if (name === null) continue;
    const from = known.get(name) ?? 0;
    const to = bytes.lastIndexOf('\n') + 1;
    for (const raw of bytes.subarray(from, to).toString('utf8').split('\n')) {
      const line = parseLine(raw);
      if (line !== null) add(totals, line);
    }
    known.delete(name);
    known.set(name, Math.max(from, to));
  }
  keep(folder, { v: 1, files: Object.fromEntries([...known].slice(-filesMax)), totals });
  return totals;
}

function nameOf(bytes: Buffer): string | null {
  const end = bytes.indexOf('\n');
  return end < 0 ? null : createHash('sha256').update(bytes.subarray(0, end)).digest('hex').slice(0, 16);
}

/** Damaged ones begin anew, from the lines that are there: as after a restart. */
function read<T>(folder: Folder): Kept<T> | null {
  try {
    const kept = JSON.parse(folder.read(fileName) ?? 'null') as Kept<T> | null;
    return kept?.v === 1 && typeof kept.files === 'object' && typeof kept.totals === 'object' ? kept : null;
  } catch {
    return null;
  }
}

function keep<T>(folder: Folder, kept: Kept<T>): void {
  try {
    folder.write(fileName, JSON.stringify(kept));
  } catch {
    // a full or read-only disk
  }
}
