/**
 * What the store shows of the remote and what it keeps: the refs' names, and which way they may move, are in ref-map.ts. Of
 * which book the kept ones are is noted; a repository that holds another book leaves nothing behind (kept-of.ts).
 */
import { CoordError } from '../../errors.ts';
import type { ObjectFormat } from '../objects/object-id.ts';
import type { Oid, RefList, RefUpdate } from '../port.ts';
import { bookRef, type KeptOf, setAside } from './kept-of.ts';
import { compareKept, isAncestorIn, moveKept, outsideOf, type PlainMove } from './kept-refs.ts';
import { listStoreRefs, readStoreRefs } from './list-refs.ts';
import { matching, type RefMap, selectRefs } from './ref-map.ts';
import type { StoreProcesses } from './store-processes.ts';
import type { StoreOptions } from './store-repository.ts';

type Refs = ReadonlyMap<string, Oid>;

export interface Standing {
  /** What the last fetch showed. */
  readonly shown: Refs;
  readonly kept: Refs;
  /** Where what was paused is kept, if it was asked for. */
  readonly queue: Oid | undefined;
  /** The record of the book that all which is kept is of. */
  readonly marked: Oid | undefined;
}

export interface StoreRefsOptions {
  readonly store: StoreOptions;
  readonly objectFormat: ObjectFormat;
  readonly map: RefMap;
  readonly keptOf: KeptOf;
  readonly processes: StoreProcesses;
}

export class StoreRefs {
  readonly #options: StoreRefsOptions;
  readonly #map: RefMap;

  constructor(options: StoreRefsOptions) {
    this.#options = options;
    this.#map = options.map;
  }

  /** Of the refs that the patterns mean. @throws CoordError `unavailable` */
  async standing(patterns: readonly string[]): Promise<Standing> {
    const { store } = this.#options;
    const { queue } = this.#map;
    const names = [...patterns.map((pattern) => this.#map.tracking(pattern)), ...this.#keptNames(patterns), bookRef];
    if (patterns.includes(queue)) names.push(queue);
    const isExact = !names.some((name) => name.endsWith('/'));
    const all = (isExact && readStoreRefs(store, names)) || (await listStoreRefs(store, names));
    const isAsked = matching(patterns);
    const kept = new Map([...all].filter(([ref]) => this.#map.isKept(ref) && isAsked(ref)));
    return { shown: selectRefs(all, patterns, this.#map), kept, queue: all.get(queue), marked: all.get(bookRef) };
  }

  #keptNames(patterns: readonly string[]): string[] {
    const { keptPrefix } = this.#map;
    const single = patterns.filter((pattern) => this.#map.isKept(pattern));
    const isAll = patterns.some((pattern) => pattern.endsWith('/') && keptPrefix.startsWith(pattern));
    return isAll ? [keptPrefix, ...single.filter((ref) => !ref.startsWith(keptPrefix))] : single;
  }

  /** Those that show something that doesn't descend from what is kept, or nothing. */
  async behind({ kept, shown }: Pick<Standing, 'kept' | 'shown'>): Promise<readonly string[]> {
    return (await this.#compare(kept, shown)).behind;
  }

  /** Moves the kept refs that can follow; answers those that can't. */
  async follow({ kept, shown, queue }: Omit<Standing, 'marked'>): Promise<readonly string[]> {
    const { moves, behind } = await this.#compare(kept, shown);
    const paused = shown.get(this.#map.queue);
    const isNews = paused !== undefined && paused !== queue;
    await this.#move(moves, isNews ? [{ ref: this.#map.queue, to: paused }] : []);
    return behind;
  }

  async #compare(kept: Refs, shown: Refs) {
    const { reader } = await this.#options.processes.open();
    return compareKept(kept, shown, this.#map.isKept, (ancestor, descendant) =>
      isAncestorIn(reader, this.#options.store, ancestor, descendant),
    );
  }

  /** Shows another book, of which nothing is kept but that it is one. */
  async showOther({ kept, shown }: Pick<Standing, 'kept' | 'shown'>): Promise<RefList> {
    const { store, keptOf } = this.#options;
    const behind = await this.behind({ kept, shown });
    const tracked = await listStoreRefs(store, [this.#map.bookRoot]);
    const others = [...tracked.keys()].filter((ref) => !keptOf.isName(this.#map.remote(ref)));
    await this.#move(
      [],
      others.map((ref) => ({ ref, to: null })),
    );
    return { refs: shown, wentBack: new Set(behind) };
  }

  /** Whether all that is kept was shown by this book, or nothing is. */
  async isSure(marked: Oid | undefined): Promise<boolean> {
    const { store, keptOf, processes } = this.#options;
    if (marked !== undefined && (await keptOf.isOurs(marked, (await processes.open()).reader))) return true;
    return (await listStoreRefs(store, [this.#map.keptPrefix, this.#map.archive])).size === 0;
  }

  /** Notes of which book the kept refs are. Where some may be another's, a look at all of them says which this one has. */
  async confirm(
    known: Oid,
    list: RefList,
    unsure: { readonly patterns: readonly string[]; readonly kept: Refs } | null,
  ): Promise<RefList> {
    const { keptPrefix, archive } = this.#map;
    if (unsure !== null && ![keptPrefix, archive].every((all) => unsure.patterns.includes(all))) return list;
    const { moves, others } = setAside(unsure?.kept ?? new Map(), list);
    await this.#move(moves, [...others, { ref: bookRef, to: known }]);
    return unsure === null ? list : { refs: list.refs, wentBack: new Set() };
  }

  /** Those of these kept refs, gone from the remote, whose logs the archive has; they are kept no longer. */
  async archived(gone: Refs): Promise<ReadonlySet<string>> {
    if (gone.size === 0) return new Set();
    const { archive } = this.#map;
    await this.follow(await this.standing([archive]));
    const tip = (await this.standing([archive])).kept.get(archive);
    if (tip === undefined) return new Set();
    const outside = await outsideOf(this.#options.store, tip, [...gone.values()]);
    const moves = [...gone].flatMap(([ref, from]) => (outside.has(from) ? [] : [{ ref, from, to: null }]));
    await this.#move(moves);
    return new Set(moves.map(({ ref }) => ref));
  }

  /** Our own moves of task logs are remembered at once: a remote that loses them next has gone back. */
  async noteApplied(applied: readonly RefUpdate[]): Promise<void> {
    const moves = applied.filter(({ ref }) => this.#map.isKept(ref));
    // What is shown while the remote is away includes what this clone did last.
    const tracked = applied.map(({ ref, to }) => ({ ref: this.#map.tracking(ref), to }));
    tracked.push(...applied.filter(({ ref }) => ref === this.#map.queue));
    try {
      await this.#options.processes.open();
    } catch (error) {
      // without a store nothing is remembered: what was applied is applied
      if (error instanceof CoordError && error.code === 'unavailable') return;
      throw error;
    }
    await this.#move(moves, tracked);
  }

  async #move(moves: readonly RefUpdate[], others: readonly PlainMove[] = []): Promise<void> {
    const { updateRef } = await this.#options.processes.open();
    await moveKept(updateRef, moves, this.#options.objectFormat, others);
  }
}
