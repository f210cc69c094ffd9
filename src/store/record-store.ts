import type {
  CommitObject,
  ForeignObjects,
  Oid,
  RefUpdate,
  SwapOptions,
  SwapReport,
  Transport,
  Unreadable,
} from '../transport/port.ts';
import { type Archive, archiveIn } from './archive.ts';
import { type Decoded, decodeRecord, type RecordKind } from './record-kind.ts';
import type { RefLayout, Space } from './ref-layout.ts';
import { type Remembered, rememberedHere } from './remembered.ts';

/** Records on refs: which kind lives in which space is said once, and every read is decoded by it. */
export interface RecordRead {
  readonly ref: string;
  readonly space: Space;
  readonly name: string;
  readonly decoded: Decoded<unknown>;
}

export interface BookRead {
  readonly records: ReadonlyMap<string, RecordRead>;
  readonly wentBack: ReadonlySet<string>;
}

export interface RecordStore {
  readonly layout: RefLayout;
  readonly objectFormat: 'sha1' | 'sha256';
  /** @throws CoordError `unavailable` */
  read(patterns: readonly string[]): Promise<BookRead>;
  /** The values of all refs that match, without reading what they hold. @throws CoordError `unavailable` */
  tips(patterns: readonly string[]): Promise<ReadonlyMap<string, Oid>>;
  /** The commits of one ref's history from `tip` back, newest first, at most `max`. */
  history<T>(kind: RecordKind<T>, tip: Oid, max: number): Promise<Decoded<T>[]>;
  /** The same as far as a commit that is known, which isn't among them. */
  newer<T>(kind: RecordKind<T>, tip: Oid, isKnown: (oid: Oid) => boolean, max: number): Promise<Newer<T>>;
  /** Whether `oid` is `tip` or among its first ancestors, as far as `max` steps. */
  isAncestor(oid: Oid, tip: Oid, max: number): Promise<boolean>;
  swap(updates: readonly RefUpdate[], options: SwapOptions): Promise<SwapReport>;
  /** A swap that moves this ref, with these objects lent, comes soon: what takes time for it may begin. */
  lend(update: RefUpdate, foreign: ForeignObjects): void;
  readonly archive: Archive;
  /** The value of a ref that is no record's, as a branch; null: it isn't there. @throws CoordError `unavailable` */
  value(ref: string): Promise<Oid | null>;
}

export interface Newer<T> {
  /** Newest first. */
  readonly entries: readonly Decoded<T>[];
  /** Why there are no more: a known one comes next, none does, one is missing here, or there are too many. */
  readonly ended: 'known' | 'root' | 'missing' | 'max';
}

export type KindOf = (space: Space, name: string) => RecordKind<unknown> | null;

/** From so many records on a read is worth looking for what earlier processes decoded. */
const manyMin = 32;

export function recordStore(
  transport: Transport,
  layout: RefLayout,
  kindOf: KindOf,
  remembered: Remembered = rememberedHere(),
): RecordStore {
  const remember = (key: string, decoded: Decoded<unknown>): Decoded<unknown> => {
    // What can't be read may be readable next time: an object that was missing is fetched again.
    if (decoded.ok) remembered.set(key, decoded);
    return decoded;
  };
  /** One commit of a log. What was decoded before isn't read again. */
  const stepAt = async (kind: RecordKind<unknown>, oid: Oid) => {
    const known = remembered.get(`${kind.name} ${oid}`);
    if (known?.ok) return { decoded: known, parent: known.parents[0], isMissing: false };
    const object = (await transport.read([oid])).get(oid);
    const isMissing = object === undefined || ('unreadable' in object && object.unreadable === 'missing');
    return { decoded: decodeRecord(kind, oid, object), parent: parentOf(object), isMissing };
  };
  return {
    layout,
    objectFormat: transport.objectFormat,
    async read(patterns) {
      const isMany = patterns.some((pattern) => pattern.endsWith('/'));
      const [{ refs, wentBack }] = await Promise.all([
        transport.list(patterns),
        isMany ? remembered.beforeMany() : undefined,
      ]);
      const known = [...refs].flatMap(([ref, oid]) => {
        const place = layout.parse(ref);
        const kind = place && kindOf(place.space, place.name);
        return place && kind ? [{ ref, oid, ...place, kind, key: `${kind.name} ${oid}` }] : [];
      });
      // taken out before anything is put in, which may push the oldest ones out
      const decodedOf = new Map(known.map(({ key }) => [key, remembered.get(key)]));
      const unknown = known.filter(({ key }) => decodedOf.get(key) === undefined);
      const objects = await transport.read(unknown.map((one) => one.oid));
      const records = new Map(
        known.map(({ ref, oid, space, name, kind, key }) => {
          const decoded = decodedOf.get(key) ?? remember(key, decodeRecord(kind, oid, objects.get(oid)));
          return [ref, { ref, space, name, decoded }];
        }),
      );
      // a few tasks alone, however many, or one other space say nothing of what else will be asked for again
      if (known.length >= manyMin && patterns.includes(layout.all('board'))) {
        const keys = known.map(({ key }) => key);
        remembered.afterMany(keys, unknown.length);
      }
      return { records, wentBack };
    },
    async history(kind, tip, max) {
      const entries: Decoded<never>[] = [];
      for (let at: Oid | undefined = tip; at !== undefined && entries.length < max; ) {
        const { decoded, parent } = await stepAt(kind, at);
        entries.push(decoded as Decoded<never>);
        at = parent;
      }
      return entries;
    },
    tips: async (patterns) => (await transport.list(patterns)).refs,
    async newer(kind, tip, isKnown, max) {
      const entries: Decoded<never>[] = [];
      for (let at: Oid | undefined = tip; at !== undefined; ) {
        if (isKnown(at)) return { entries, ended: 'known' };
        if (entries.length === max) return { entries, ended: 'max' };
        const { decoded, parent, isMissing } = await stepAt(kind, at);
        if (isMissing) return { entries, ended: 'missing' };
        entries.push(decoded as Decoded<never>);
        at = parent;
      }
      return { entries, ended: 'root' };
    },
    async isAncestor(oid, tip, max) {
      let at: Oid | undefined = tip;
      for (let step = 0; at !== undefined && step < max; step++) {
        if (at === oid) return true;
        at = parentOf((await transport.read([at])).get(at));
      }
      return false;
    },
    archive: archiveIn(transport),
    value: async (ref) => (await transport.values([ref])).get(ref) ?? null,
    lend: (update, foreign) => transport.lend?.(update, foreign),
    swap: (updates, options) => transport.compareAndSwap(updates, options),
  };
}

/** The first alone: a task's log is a line. */
const parentOf = (object: CommitObject | Unreadable | undefined): Oid | undefined =>
  object && 'parents' in object ? object.parents[0] : undefined;
