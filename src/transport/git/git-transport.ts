/**
 * The book on any git remote, by `git push` with leases and protocol-v2 fetches by prefix into the store
 * (protocol 1 and 5). The store's refs are the transport's only state; several processes share them.
 *
 * A list: fetch into the tracking refs → read them → unless it is another book, let the kept refs follow. What doesn't
 * descend from what is kept is looked at a second time before it is said to have gone back: another process of this clone
 * may have pushed, and noted, a newer value after the first fetch began.
 */
import { dirname, join } from 'node:path';
import { CoordError } from '../../errors.ts';
import { checkPatterns, checkUpdates } from '../check-updates.ts';
import { withFileLock } from '../file-lock.ts';
import type { ConfigEntry } from '../git-config.ts';
import { gitEnvironment } from '../git-process.ts';
import { Coprocess } from '../local/coprocess.ts';
import { Reader } from '../local/reader.ts';
import type { ObjectFormat } from '../objects/object-id.ts';
import { writeLooseObjects } from '../objects/write-loose.ts';
import type {
  CommitObject,
  ForeignObjects,
  Oid,
  RefList,
  RefUpdate,
  SwapOptions,
  SwapReport,
  Transport,
  Unreadable,
} from '../port.ts';
import { fetchRefs } from './fetch.ts';
import { bookRef, KeptOf, type KnownBook, setAside } from './kept-of.ts';
import { compareKept, isAncestorIn, type KeptRefsOptions, moveKept, outsideOf, updateRefArgs } from './kept-refs.ts';
import { listStoreRefs, readStoreRefs } from './list-refs.ts';
import { lsRemote } from './ls-remote.ts';
import { Looker } from './post-look.ts';
import type { PushRequest, PushResult } from './push.ts';
import { blamesStore, Pusher } from './pusher.ts';
import { matching, type RefMap, refMap, refspecs, selectRefs } from './ref-map.ts';
import { RemoteGit } from './remote-git.ts';
import { isStoreSound, openStore, packManyRefs, removeStore, type StoreOptions } from './store-repository.ts';

export interface GitTransportOptions {
  /** The store's folder (`<coord>/store.git`). Made when absent. Its lock file stands beside it. */
  readonly store: string;
  /** The clone's common git folder. */
  readonly cloneGitDir: string;
  /** The clone's top folder, where relative URLs begin; the git folder of a bare clone. */
  readonly cloneTop: string;
  /** A remote's name or a URL. */
  readonly remote: string;
  /** `refs/`, or `refs/heads/…/` for places that accept branches only (protocol 2). */
  readonly prefix: string;
  readonly objectFormat: ObjectFormat;
  /** What is remembered is this book's alone; absent: whatever the remote shows. */
  readonly book?: KnownBook | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** The clone's configuration, where it was just read. */
  readonly entries?: readonly ConfigEntry[] | undefined;
  /** The remote takes requests that we make (`postsAreTaken`). */
  readonly posts?: boolean | undefined;
  /** Lists what the last fetch showed, without asking the remote. */
  readonly cached?: boolean;
  /** For one request to the remote, and for a local git command. */
  readonly limits: { readonly timeoutMs: number };
}

export function createGitTransport(options: GitTransportOptions): Transport {
  return new GitTransport(options);
}

interface OpenStore {
  readonly identity: string;
  readonly reader: Reader;
  readonly updateRef: Coprocess;
}

class GitTransport implements Transport {
  readonly objectFormat: ObjectFormat;
  readonly #remote: string;
  readonly #store: StoreOptions;
  readonly #map: RefMap;
  readonly #git: RemoteGit;
  readonly #keptOptions: KeptRefsOptions;
  readonly #keptOf: KeptOf;
  #opened: OpenStore | undefined;
  /** What the last list asked for: fetched again when the store had to be made anew. */
  #lastPatterns: readonly string[] = [];
  readonly #cached: boolean;
  readonly #pusher: Pusher;
  readonly #looker: Looker;
  #turn: Promise<unknown> = Promise.resolve();
  /** What was applied is being noted: whoever looks next waits for it, who goes on doesn't. */
  #noting: Promise<unknown> = Promise.resolve();

  constructor(options: GitTransportOptions) {
    const { store, objectFormat, env, limits, prefix, remote } = options;
    const { timeoutMs } = limits;
    this.objectFormat = objectFormat;
    this.#cached = options.cached ?? false;
    this.#remote = remote;
    this.#map = refMap(prefix);
    this.#store = { store, objectFormat, env: gitEnvironment(env), timeoutMs };
    this.#keptOptions = this.#store;
    this.#keptOf = new KeptOf(options.book);
    this.#git = new RemoteGit({ ...options, timeoutMs });
    this.#pusher = new Pusher({ ...options, timeoutMs }, this.#git);
    this.#looker = new Looker({ ...options, timeoutMs }, this.#git);
  }

  async list(patterns: readonly string[]): Promise<RefList> {
    checkPatterns(patterns);
    if (patterns.length === 0) return { refs: new Map(), wentBack: new Set() };
    await this.#noted();
    if (this.#cached) return this.#listCached(patterns);
    this.#lastPatterns = patterns;
    const unchanged = await this.#unchanged(patterns);
    if (unchanged !== null) return unchanged;
    const { refs, wentBack } = await this.#locked(() => this.#repairing(() => this.#list(patterns)));
    return { refs: this.#keptOf.asked(patterns, refs), wentBack };
  }

  async values(refs: readonly string[]): Promise<ReadonlyMap<string, Oid>> {
    checkPatterns(refs);
    if (refs.length === 0) return new Map();
    const looked = await this.#looker.look(refs);
    // that something isn't there is git's to say
    if (looked?.size === new Set(refs).size) return looked;
    await this.#open();
    return lsRemote(this.#git, this.#remote, refs);
  }

  async read(oids: readonly Oid[]): Promise<ReadonlyMap<Oid, CommitObject | Unreadable>> {
    const commits = await this.#readNow(oids).catch((error: unknown) => {
      if (error instanceof CoordError && error.code === 'unavailable') return null;
      throw error;
    });
    const isComplete = commits !== null && ![...commits.values()].some(isMissing);
    if (isComplete || this.#lastPatterns.length === 0) return commits ?? this.#readNow(oids);
    await this.#refetch();
    return this.#readNow(oids);
  }

  async trees(oids: readonly Oid[]): Promise<ReadonlyMap<Oid, Buffer>> {
    const trees = await (await this.#open()).reader.trees(oids);
    if (oids.every((oid) => trees.has(oid)) || this.#lastPatterns.length === 0) return trees;
    await this.#refetch();
    return (await this.#open()).reader.trees(oids);
  }

  lend(update: RefUpdate, foreign: ForeignObjects): void {
    this.#pusher.lend(update, foreign);
  }

  async compareAndSwap(updates: readonly RefUpdate[], options: SwapOptions): Promise<SwapReport> {
    checkUpdates(updates, this.objectFormat);
    if (updates.length === 0) return { answers: new Map(), message: '', locks: [] };
    const request = {
      remote: this.#remote,
      updates,
      atomic: options.atomic,
      foreign: options.foreign,
      // what will note it is started while the remote is at work
      onSent: () => this.#opened?.updateRef.begin(),
    };
    try {
      let result = await this.#push(request, options);
      if (blamesStore(result)) {
        await this.#refill(updates);
        result = await this.#push(request, options);
      }
      if ([...result.answers.values()].includes('unsent')) this.#git.forgetConfig();
      const noted = this.#noteApplied(ownOf(updates, options), result);
      this.#noting = Promise.all([this.#noting, noted]);
      this.#noting.catch(() => {});
      const { answers, message, locks } = result;
      return { answers, message, locks, noted };
    } catch (error) {
      if (!(error instanceof CoordError) || error.code !== 'unavailable') throw error;
      return { answers: new Map(updates.map(({ ref }) => [ref, 'unsent'])), message: error.message, locks: [] };
    }
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#noted();
    await this.#closeStore();
  }

  /** What fails to be noted is told once, to whoever looks next. */
  async #noted(): Promise<void> {
    const noting = this.#noting;
    try {
      await noting;
    } finally {
      if (this.#noting === noting) this.#noting = Promise.resolve();
    }
  }

  /** What the store shows of a few refs, if a look finds the remote as it shows it: there is nothing to fetch. Null: fetch. */
  async #unchanged(patterns: readonly string[]): Promise<RefList | null> {
    if (!this.#looker.posts || patterns.some((pattern) => pattern.endsWith('/'))) return null;
    const standing = this.#standing(patterns).catch(() => null);
    const looked = await this.#looker.look(patterns);
    const { shown, kept, marked } = (await standing) ?? {};
    if (!looked || !shown || !kept || !sameRefs(looked, shown)) return null;
    // a whole look notes of which book is kept what comes next
    if (!this.#keptOf.isNoted(shown, marked)) return null;
    const board = new Map([...shown].filter(([ref]) => this.#map.isKept(ref)));
    return sameRefs(board, kept) ? { refs: shown, wentBack: new Set() } : null;
  }

  async #listCached(patterns: readonly string[]): Promise<RefList> {
    await this.#open();
    const { shown, kept } = await this.#standing(patterns);
    const { behind } = await this.#compare(kept, shown);
    return { refs: shown, wentBack: new Set(behind) };
  }

  async #list(patterns: readonly string[]): Promise<RefList> {
    const asked = this.#keptOf.asking(patterns);
    await this.#fetch(asked);
    const { shown, kept, marked } = await this.#standing(asked);
    const known = await this.#keptOf.known(shown, (await this.#open()).reader);
    if (known === null) return this.#otherBook(kept, shown);
    const isSure = known === undefined || known === marked || (await this.#isSure(marked));
    const first = await this.#followKept(kept, shown);
    const { keptPrefix } = this.#map;
    if (patterns.includes(keptPrefix)) await packManyRefs(this.#store, [keptPrefix, this.#map.tracking(keptPrefix)]);
    const list =
      first.length === 0 ? { refs: shown, wentBack: new Set<string>() } : await this.#lookAgain(first, kept, shown);
    if (known === undefined || known === marked) return list;
    return this.#confirm(known, list, isSure ? null : { patterns, kept });
  }

  /** @param first what the remote didn't show as it is kept */
  async #lookAgain(
    first: readonly string[],
    kept: ReadonlyMap<string, Oid>,
    shown: ReadonlyMap<string, Oid>,
  ): Promise<RefList> {
    const { archive } = this.#map;
    await this.#fetch(this.#keptOf.asking([...first, archive]));
    const second = await this.#standing(this.#keptOf.asking(first));
    const before = new Map([...kept].filter(([ref]) => first.includes(ref)));
    const known = await this.#keptOf.known(second.shown, (await this.#open()).reader);
    if (known === null) return this.#otherBook(before, second.shown);
    const behind = await this.#followKept(before, second.shown);
    const archived = await this.#archived(
      new Map([...before].filter(([ref]) => !second.shown.has(ref) && ref !== archive)),
    );
    const wentBack = behind.filter((ref) => !archived.has(ref));
    const refs = new Map([...shown].filter(([ref]) => !first.includes(ref)));
    for (const [ref, oid] of second.shown) refs.set(ref, oid);
    return { refs, wentBack: new Set(wentBack) };
  }

  /** Shows another book, of which nothing is kept but that it is one. */
  async #otherBook(kept: ReadonlyMap<string, Oid>, shown: ReadonlyMap<string, Oid>): Promise<RefList> {
    const { behind } = await this.#compare(kept, shown);
    const tracked = await listStoreRefs(this.#store, [this.#map.bookRoot]);
    const others = [...tracked.keys()].filter((ref) => !this.#keptOf.isName(this.#map.remote(ref)));
    const deletions = others.map((ref) => ({ ref, to: null }));
    await moveKept((await this.#open()).updateRef, [], this.objectFormat, deletions);
    return { refs: shown, wentBack: new Set(behind) };
  }

  /** Whether all that is kept was shown by this book, or nothing is. */
  async #isSure(marked: Oid | undefined): Promise<boolean> {
    if (marked !== undefined && (await this.#keptOf.isOurs(marked, (await this.#open()).reader))) return true;
    return (await listStoreRefs(this.#store, [this.#map.keptPrefix, this.#map.archive])).size === 0;
  }

  /** Notes of which book the kept refs are. Where some may be another's, a look at all of them says which this one has. */
  async #confirm(
    known: Oid,
    list: RefList,
    unsure: { readonly patterns: readonly string[]; readonly kept: ReadonlyMap<string, Oid> } | null,
  ): Promise<RefList> {
    const { keptPrefix, archive } = this.#map;
    if (unsure !== null && ![keptPrefix, archive].every((all) => unsure.patterns.includes(all))) return list;
    const { moves, others } = setAside(unsure?.kept ?? new Map(), list);
    const mark = { ref: bookRef, to: known };
    await moveKept((await this.#open()).updateRef, moves, this.objectFormat, [...others, mark]);
    return unsure === null ? list : { refs: list.refs, wentBack: new Set() };
  }

  /** Those of these kept refs, gone from the remote, whose logs the archive has; they are kept no longer. */
  async #archived(gone: ReadonlyMap<string, Oid>): Promise<ReadonlySet<string>> {
    if (gone.size === 0) return new Set();
    const before = await this.#standing([this.#map.archive]);
    await this.#followKept(before.kept, before.shown);
    const tip = (await this.#standing([this.#map.archive])).kept.get(this.#map.archive);
    if (tip === undefined) return new Set();
    const outside = await outsideOf(this.#keptOptions, tip, [...gone.values()]);
    const moves = [...gone].flatMap(([ref, from]) => (outside.has(from) ? [] : [{ ref, from, to: null }]));
    await moveKept((await this.#open()).updateRef, moves, this.objectFormat);
    return new Set(moves.map(({ ref }) => ref));
  }

  /** Moves the kept refs that can follow; answers those that can't. */
  async #followKept(kept: ReadonlyMap<string, Oid>, shown: ReadonlyMap<string, Oid>): Promise<readonly string[]> {
    const { moves, behind } = await this.#compare(kept, shown);
    await moveKept((await this.#open()).updateRef, moves, this.objectFormat);
    return behind;
  }

  async #compare(kept: ReadonlyMap<string, Oid>, shown: ReadonlyMap<string, Oid>) {
    const { reader } = await this.#open();
    return compareKept(kept, shown, this.#map.isKept, (ancestor, descendant) =>
      isAncestorIn(reader, this.#keptOptions, ancestor, descendant),
    );
  }

  /** What the last fetch showed, and what is kept, of the refs that the patterns mean; and of which book all that is. */
  async #standing(patterns: readonly string[]) {
    const names = [...patterns.map((pattern) => this.#map.tracking(pattern)), ...this.#keptNames(patterns), bookRef];
    const isExact = !names.some((name) => name.endsWith('/'));
    const all = (isExact && readStoreRefs(this.#store, names)) || (await listStoreRefs(this.#store, names));
    const kept = new Map<string, Oid>();
    const isAsked = matching(patterns);
    for (const [ref, oid] of all) if (this.#map.isKept(ref) && isAsked(ref)) kept.set(ref, oid);
    return { shown: selectRefs(all, patterns, this.#map), kept, marked: all.get(bookRef) };
  }

  #keptNames(patterns: readonly string[]): string[] {
    const { keptPrefix } = this.#map;
    const single = patterns.filter((pattern) => this.#map.isKept(pattern));
    const isAll = patterns.some((pattern) => pattern.endsWith('/') && keptPrefix.startsWith(pattern));
    return isAll ? [keptPrefix, ...single.filter((ref) => !ref.startsWith(keptPrefix))] : single;
  }

  async #push(request: PushRequest, { objects }: SwapOptions): Promise<PushResult> {
    await this.#open();
    await writeLooseObjects(join(this.#store.store, 'objects'), this.objectFormat, objects);
    return this.#pusher.push(request, objects);
  }

  /** What was shown once and isn't there: if the store has lost objects, the remote still has them. */
  #refetch(): Promise<void> {
    return this.#locked(async () => {
      await this.#discardIfBroken();
      await this.#fetch(this.#lastPatterns);
    });
  }

  /** Brings back what a push found missing: the store was damaged, or removed, since the last list. */
  async #refill(updates: readonly RefUpdate[]): Promise<void> {
    await this.#locked(async () => {
      await this.#discardIfBroken();
      await this.#fetch([...this.#lastPatterns, ...updates.map(({ ref }) => ref)]);
    });
  }

  /** Our own moves of task logs are remembered at once: a remote that loses them next has gone back. */
  async #noteApplied(updates: readonly RefUpdate[], { answers }: PushResult): Promise<void> {
    const applied = updates.filter(({ ref }) => answers.get(ref) === 'applied');
    const moves = applied.filter(({ ref }) => this.#map.isKept(ref));
    // What is shown while the remote is away includes what this clone did last.
    const tracked = applied.map(({ ref, to }) => ({ ref: this.#map.tracking(ref), to }));
    const store = await this.#open().catch(unlessUnavailable);
    if (store !== null) await moveKept(store.updateRef, moves, this.objectFormat, tracked);
  }

  async #fetch(patterns: readonly string[]): Promise<void> {
    await this.#open();
    try {
      await fetchRefs(this.#git, {
        store: this.#store.store,
        remote: this.#remote,
        refspecs: refspecs(patterns, this.#map),
      });
    } catch (error) {
      this.#git.forgetConfig();
      throw error;
    }
  }

  /** Runs a request once more on a new store, when it failed and the store turns out to be broken. */
  async #repairing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CoordError) || error.code !== 'unavailable') throw error;
      if (!(await this.#discardIfBroken())) throw error;
      return work();
    }
  }

  /** Looks the store through, and takes it away when it is broken. Answers whether it was. */
  async #discardIfBroken(): Promise<boolean> {
    const identity = await openStore(this.#store);
    if (await isStoreSound(this.#store)) return false;
    await this.#closeStore();
    await removeStore(this.#store, identity);
    return true;
  }

  async #readNow(oids: readonly Oid[]): Promise<Map<Oid, CommitObject | Unreadable>> {
    const { reader } = await this.#open();
    try {
      return await reader.commits(oids);
    } catch (error) {
      // closed under us, because the store was replaced meanwhile
      if (this.#opened?.reader === reader) throw error;
      return (await this.#open()).reader.commits(oids);
    }
  }

  /** The processes that answer for the store as it is now: somebody may have removed or replaced it since. */
  async #open(): Promise<OpenStore> {
    const identity = await openStore(this.#store);
    if (this.#opened?.identity === identity) return this.#opened;
    const options = { gitDir: this.#store.store, env: this.#store.env, timeoutMs: this.#store.timeoutMs };
    const opened = { identity, reader: new Reader(options), updateRef: new Coprocess(updateRefArgs, options) };
    const closed = this.#closeStore();
    this.#opened = opened;
    await closed;
    return opened;
  }

  async #closeStore(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await Promise.all([opened?.reader.close(), opened?.updateRef.close()]);
  }

  /** One fetch at a time: in this process by turns, among processes by the lock file. */
  #locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = join(dirname(this.#store.store), 'fetch.lock');
    // a holder runs a few commands, each of which ends in time
    const holdMsMax = 4 * this.#store.timeoutMs;
    const result = this.#turn.then(async () => {
      await openStore(this.#store);
      return withFileLock(lock, holdMsMax, work);
    });
    this.#turn = result.catch(() => {});
    return result;
  }
}

/** A landing's branch isn't remembered: its objects are the clone's, and no ref of the store can show them. */
function ownOf(updates: readonly RefUpdate[], { foreign, objects }: SwapOptions): readonly RefUpdate[] {
  if (foreign === undefined) return updates;
  const made = new Set(objects.map(({ oid }) => oid));
  return updates.filter(({ to }) => to === null || made.has(to));
}

function sameRefs(some: ReadonlyMap<string, Oid>, others: ReadonlyMap<string, Oid>): boolean {
  return some.size === others.size && [...some].every(([ref, oid]) => others.get(ref) === oid);
}

/** Without a store nothing is remembered: what was applied is applied. */
function unlessUnavailable(error: unknown): null {
  if (error instanceof CoordError && error.code === 'unavailable') return null;
  throw error;
}

function isMissing(commit: CommitObject | Unreadable): boolean {
  return 'unreadable' in commit && commit.unreadable === 'missing';
}
