import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { HeldEntry, HeldLedger } from '../store/held-ledger.ts';

interface Known {
  readonly stamp: string;
  readonly entry: HeldEntry | null;
}

/**
 * `coord/held`, looked at several times a second: only files that changed are read again. They are replaced by renaming,
 * so a new text is a new file.
 */
export class HeldWatch {
  readonly #folder: string;
  #known: ReadonlyMap<string, Known> = new Map();

  constructor(coordDir: string) {
    this.#folder = join(coordDir, 'held');
  }

  /** What the daemon of this boot keeps alive: not what was lost, nor what was held before a reboot (protocol 9). */
  look(held: HeldLedger, boot: string): HeldEntry[] {
    const known = new Map<string, Known>();
    for (const name of this.#names()) {
      const stamp = this.#stampOf(name);
      const last = this.#known.get(name);
      if (stamp !== null) known.set(name, last?.stamp === stamp ? last : { stamp, entry: held.get(name) });
    }
    this.#known = known;
    return [...known.values()].flatMap(({ entry }) =>
      entry !== null && entry.boot === boot && entry.state.lost !== true ? [entry] : [],
    );
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => !name.endsWith('.new'))
        .sort();
    } catch {
      return [];
    }
  }

  #stampOf(name: string): string | null {
    const found = statSync(join(this.#folder, name), { throwIfNoEntry: false });
    return found === undefined ? null : `${found.ino} ${found.mtimeMs} ${found.size}`;
  }
}
