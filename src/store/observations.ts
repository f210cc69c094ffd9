import type { Folder } from './folder.ts';

/**
 * `coord/observed.json`: since when this clone has seen a ref at one value, so that expiry can be judged without any
 * clock but the observer's own monotonic one, also by commands that run for a moment (protocol 6, traps 23, 24).
 *
 * A value of a claim ref comes round, so a sighting counts only if the ref was seen again within `gapMaxMs` after the
 * last time. A task's values never come back: one sighting is enough (`gapMaxMs` infinite). A lost, foreign or
 * overwritten entry only means waiting again.
 */
interface Sighting {
  readonly oid: string;
  readonly firstMs: number;
  readonly lastMs: number;
  /** The last sighting by the clock that goes on in suspend: an observer that slept has seen nothing meanwhile. */
  readonly lastBootMs: number;
}

export interface Observations {
  /** Notes that a read which has just finished showed this value. */
  saw(ref: string, oid: string, gapMaxMs: number): void;
  /** How long it is known to stand still, in milliseconds; 0 if it wasn't seen, or too long ago. */
  ageMs(ref: string, oid: string, gapMaxMs: number): number;
  forget(ref: string): void;
  /** Drops the refs below these prefixes that a complete read of them didn't show. */
  keepOnly(refs: ReadonlySet<string>, prefixes: readonly string[]): void;
  save(): void;
}

const entriesMax = 50_000;

/** The gap between two sightings counts by the clock that goes on in suspend, ages by the one that stands still there. */
interface ObserverClock {
  monoMs(): number;
  bootMs(): number;
}

/** `era`: boot and time namespace, within which monotonic times compare. */
export function observations(folder: Folder, era: string, clock: ObserverClock): Observations {
  let changed = new Map<string, Sighting | null>();
  const sightings = load(folder, era);
  const set = (ref: string, sighting: Sighting | null): void => {
    if (sighting === null) sightings.delete(ref);
    else sightings.set(ref, sighting);
    changed.set(ref, sighting);
  };
  return {
    saw(ref, oid, gapMaxMs) {
      const last = sightings.get(ref);
      const [nowMs, lastBootMs] = [clock.monoMs(), clock.bootMs()];
      const goesOn = last?.oid === oid && lastBootMs - last.lastBootMs <= gapMaxMs && nowMs >= last.lastMs;
      set(ref, { oid, firstMs: goesOn ? last.firstMs : nowMs, lastMs: nowMs, lastBootMs });
    },
    ageMs(ref, oid, gapMaxMs) {
      const last = sightings.get(ref);
      if (last === undefined || last.oid !== oid || clock.bootMs() - last.lastBootMs > gapMaxMs) return 0;
      return Math.max(0, clock.monoMs() - last.firstMs);
    },
    forget: (ref) => set(ref, null),
    keepOnly(refs, prefixes) {
      for (const ref of sightings.keys()) {
        if (!refs.has(ref) && prefixes.some((prefix) => ref.startsWith(prefix))) set(ref, null);
      }
    },
    save() {
      if (changed.size === 0) return;
      const merged = load(folder, era);
      for (const [ref, sighting] of changed) {
        if (sighting === null) merged.delete(ref);
        else merged.set(ref, older(merged.get(ref), sighting));
      }
      const entries = [...merged].slice(-entriesMax);
      folder.write('observed.json', JSON.stringify({ era, refs: Object.fromEntries(entries) }));
      changed = new Map();
    },
  };
}

/** For reads that show what was seen earlier: they are no sightings, and must not pass for some. */
export function withoutSightings(observed: Observations): Observations {
  return { ...observed, saw: () => {}, forget: () => {}, keepOnly: () => {}, save: () => {} };
}

/** Two processes of one clone look: of overlapping sightings of one value the longer one holds. */
function older(a: Sighting | undefined, b: Sighting): Sighting {
  if (a === undefined || a.oid !== b.oid || a.lastMs < b.firstMs || b.lastMs < a.firstMs) {
    return a !== undefined && a.lastMs > b.lastMs ? a : b;
  }
  const { lastMs, lastBootMs } = a.lastMs > b.lastMs ? a : b;
  return { oid: b.oid, firstMs: Math.min(a.firstMs, b.firstMs), lastMs, lastBootMs };
}

function load(folder: Folder, era: string): Map<string, Sighting> {
  try {
    const parsed = JSON.parse(folder.read('observed.json') ?? '') as { era?: string; refs?: Record<string, Sighting> };
    return parsed.era === era ? new Map(Object.entries(parsed.refs ?? {})) : new Map();
  } catch {
    return new Map();
  }
}
