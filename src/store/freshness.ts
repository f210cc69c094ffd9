import type { Folder } from './folder.ts';

/**
 * Whether the store already shows what the remote showed a moment ago, so that a read needn't ask again (docs/cli.md,
 * "Reads"): the daemon read the whole book within the last poll, and this clone has written nothing since that read
 * began. Milliseconds since boot, on through a suspend, within one era; a lost or foreign note only means asking.
 */
export interface Freshness {
  /** The daemon has read the whole book; the read began at `startedMs`. */
  readWhole(startedMs: number): void;
  /** The remote was asked for tasks; `at`: the time of day, for people. */
  asked(at: string): void;
  /** When the remote was last asked, for people; null: never, as far as is known. */
  lastAsked(): string | null;
  /** Something of this clone may just have changed the book. */
  wrote(nowMs: number): void;
  /** When the read began that is still good, as an age in milliseconds; null: ask. */
  ageMs(nowMs: number, pollIntervalMs: number): number | null;
  /** Whether a whole read began so long ago at most, whatever was written since: good enough to try a compare-and-swap on. */
  isRecent(nowMs: number, ageMsMax: number): boolean;
}

export function freshness(folder: Folder, era: string): Freshness {
  const note = (name: string, ms: number) => folder.write(name, JSON.stringify({ era, ms }));
  const noted = (name: string): number | null => {
    try {
      const { era: of, ms } = JSON.parse(folder.read(name) ?? '') as { era?: string; ms?: number };
      return of === era && typeof ms === 'number' ? ms : null;
    } catch {
      return null;
    }
  };
  const since = (ms: number, nowMs: number, ageMsMax: number): number | null =>
    nowMs >= ms && nowMs - ms <= ageMsMax ? nowMs - ms : null;
  return {
    readWhole: (startedMs) => note('read.json', startedMs),
    asked: (at) => folder.write('asked', at),
    lastAsked: () => folder.read('asked'),
    wrote: (nowMs) => note('wrote.json', nowMs),
    ageMs(nowMs, pollIntervalMs) {
      const read = noted('read.json');
      const wrote = noted('wrote.json');
      if (read === null || (wrote !== null && wrote >= read)) return null;
      return since(read, nowMs, pollIntervalMs);
    },
    isRecent(nowMs, ageMsMax) {
      const read = noted('read.json');
      return read !== null && since(read, nowMs, ageMsMax) !== null;
    },
  };
}
