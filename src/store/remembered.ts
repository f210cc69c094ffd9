import { setImmediate as nextTurn } from 'node:timers/promises';

import { crc32 } from 'node:zlib';
import type { Folder } from './folder.ts';
import type { Decoded } from './record-kind.ts';

/**
 * Records that were decoded once: a commit never changes. In a process that stays they are kept in memory; from one
 * command to the next in `coord/records.json`, because reading and checking each record of a whole book anew costs a command
 * more than all else. That file only saves work: a lost, damaged or foreign one means decoding again.
 */
export interface Remembered {
  get(key: string): Decoded<unknown> | undefined;
  set(key: string, decoded: Decoded<unknown>): void;
  /** Many records are about to be read: called while their refs are being listed. */
  beforeMany(): Promise<void>;
  /** They were read; `missed` of them had to be decoded. */
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
    afterMany: () => {},
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
      if (missed < missedMin || performance.now() - savedMs < savedApartMs) return;
      save(folder, build, keys, here);
      savedMs = performance.now();
    },
  };
}

function load(folder: Folder, build: string): [string, Decoded<unknown>][] {
  const text = folder.read(fileName) ?? '';
  const head = text.slice(0, text.indexOf('\n') + 1);
  const records = text.slice(head.length);
  // whole, and of this build: what it holds was checked when it was decoded
  return head === headOf(build, records) ? Object.entries(JSON.parse(records)) : [];
}

function headOf(build: string, records: string): string {
  return `${build} ${crc32(records).toString(16)}\n`;
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
    const records = `{\n${lines.join(',\n')}\n}\n`;
    folder.write(fileName, headOf(build, records) + records);
  } catch {
    // read-only, or full: the next command decodes again
  }
}
