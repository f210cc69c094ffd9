import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Folder } from './folder.ts';
import type { Decoded } from './record-kind.ts';

/**
 * Records that were decoded once: a commit never changes. In a process that stays they are kept in memory; from one
 * command to the next in `coord/records.json`, because reading and checking each record of a whole book anew costs a command
 * more than all else. That file only saves work: a lost, damaged or foreign one means decoding again. All of it stands there
 * twice: to compare two copies is quicker than to load what makes a sum.
 */
export interface Remembered {
  get(key: string): Decoded<unknown> | undefined;
  set(key: string, decoded: Decoded<unknown>): void;
  /** Many records are about to be read: called while their refs are being listed. */
  beforeMany(): Promise<void>;
  /** All of the board was read, at least; `missed` of its records had to be decoded. The others may be forgotten. */
  afterMany(keys: readonly string[], missed: number): void;
}

const inMemoryMax = 5000;
/** A few records are decoded sooner than the file is written. */
const missedMin = 16;
/** A process that stays sees many moves, and each writes the whole file. */
const savedApartMs = 10_000;
const recordCharsMax = 16 * 1024;
const fileCharsMax = 8 * 1024 * 1024;
const fileName = 'records.json';

export function rememberedHere(): Remembered {
  const records = new Map<string, Decoded<unknown>>();
  return {
    get: (key) => records.get(key),
    set(key, decoded) {
      records.set(key, decoded);
      for (const oldest of records.keys()) {
        if (records.size <= inMemoryMax) break;
        records.delete(oldest);
      }
    },
    beforeMany: async () => {},
    afterMany(keys) {
      // what has moved on since isn't asked for again: in a process that looks all day most would be of that kind
      if (records.size <= 2 * keys.length) return;
      const last = new Set(keys);
      for (const key of records.keys()) if (!last.has(key)) records.delete(key);
    },
  };
}

/** `build`: who decoded; another one may check a record differently. */
export function rememberedInFile(folder: Folder, build: string): Remembered {
  const here = rememberedHere();
  let loading: Promise<void> | undefined;
  let savedMs = Number.NEGATIVE_INFINITY;
  const loadNow = async () => {
    // git is started first: it works while this process reads
    await nextTurn();
    for (const [key, record] of load(folder, build)) if (here.get(key) === undefined) here.set(key, record);
  };
  return {
    ...here,
    beforeMany() {
      loading ??= loadNow();
      return loading;
    },
    afterMany(keys, missed) {
      here.afterMany(keys, missed);
      if (missed < missedMin || performance.now() - savedMs < savedApartMs) return;
      save(folder, build, keys, here);
      savedMs = performance.now();
    },
  };
}

function load(folder: Folder, build: string): [string, Decoded<unknown>][] {
  const text = folder.read(fileName) ?? '';
  const copy = text.slice(0, text.length / 2);
  // whole, and of this build: what it holds was checked when it was decoded
  if (!text.startsWith(`${build}\n`) || text.slice(copy.length) !== copy) return [];
  return Object.entries(JSON.parse(copy.slice(build.length + 1)));
}

/** Those of the last read alone: what has moved on since isn't asked for again. */
function save(folder: Folder, build: string, keys: readonly string[], here: Remembered): void {
  const lines: string[] = [];
  let chars = 0;
  for (const key of keys) {
    const record = here.get(key);
    const text = record && JSON.stringify(record);
    if (text === undefined || text.length > recordCharsMax) continue;
    chars += text.length;
    if (chars > fileCharsMax) break;
    lines.push(`${JSON.stringify(key)}:${text}`);
  }
  try {
    folder.write(fileName, `${build}\n{\n${lines.join(',\n')}\n}\n`.repeat(2));
  } catch {
    // read-only, or full: the next command decodes again
  }
}
