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
import { KeptOf, type KnownBook } from './kept-of.ts';
import { lsRemote } from './ls-remote.ts';
import { Looker } from './post-look.ts';
import type { PushRequest, PushResult } from './push.ts';
import { blamesStore, Pusher } from './pusher.ts';
import { type RefMap, refMap, refspecs } from './ref-map.ts';
import { RemoteGit } from './remote-git.ts';
import { StoreProcesses } from './store-processes.ts';
import { StoreRefs } from './store-refs.ts';
import { openStore, packManyRefs, type StoreOptions } from './store-repository.ts';

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

class GitTransport implements Transport {
  readonly objectFormat: ObjectFormat;
  readonly #remote: string;
  readonly #store: StoreOptions;
  readonly #map: RefMap;
  readonly #git: RemoteGit;
  readonly #keptOf: KeptOf;
  readonly #processes: StoreProcesses;
  readonly #refs: StoreRefs;
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
    this.#keptOf = new KeptOf(options.book);
    this.#processes = new StoreProcesses(this.#store);
    this.#refs = new StoreRefs({
      ...{ store: this.#store, objectFormat, map: this.#map },
      ...{ keptOf: this.#keptOf, processes: this.#processes },
    });
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
    await this.#processes.open();
    return lsRemote(this.#git, this.#remote, refs);
  }

  async read(oids: readonly Oid[]): Promise<ReadonlyMap<Oid, CommitObject | Unreadable>> {
    const commits = await this.#processes.commits(oids).catch((error: unknown) => {
      if (error instanceof CoordError && error.code === 'unavailable') return null;
      throw error;
    });
    const isComplete = commits !== null && ![...commits.values()].some(isMissing);
    if (isComplete || this.#lastPatterns.length === 0) return commits ?? this.#processes.commits(oids);
    await this.#refetch();
    return this.#processes.commits(oids);
  }

  async trees(oids: readonly Oid[]): Promise<ReadonlyMap<Oid, Buffer>> {
    const trees = await (await this.#processes.open()).reader.trees(oids);
    if (oids.every((oid) => trees.has(oid)) || this.#lastPatterns.length === 0) return trees;
    await this.#refetch();
    return (await this.#processes.open()).reader.trees(oids);
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
      onSent: () => this.#processes.begin(),
    };
    try {
      let result = await this.#push(request, options);
      if (blamesStore(result)) {
        await this.#refill(updates);
        result = await this.#push(request, options);
      }
      if ([...result.answers.values()].includes('unsent')) this.#git.forgetConfig();
      const applied = ownOf(updates, options).filter(({ ref }) => result.answers.get(ref) === 'applied');
      const noted = this.#refs.noteApplied(applied);
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
    await this.#processes.close();
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
    const standing = this.#refs.standing(patterns).catch(() => null);
    const looked = await this.#looker.look(patterns);
    const { shown, kept, marked } = (await standing) ?? {};
    if (!looked || !shown || !kept || !sameRefs(looked, shown)) return null;
    // a whole look notes of which book is kept what comes next
    if (!this.#keptOf.isNoted(shown, marked)) return null;
    const board = new Map([...shown].filter(([ref]) => this.#map.isKept(ref)));
    return sameRefs(board, kept) ? { refs: shown, wentBack: new Set() } : null;
  }

  async #listCached(patterns: readonly string[]): Promise<RefList> {
    await this.#processes.open();
    const standing = await this.#refs.standing(patterns);
    return { refs: standing.shown, wentBack: new Set(await this.#refs.behind(standing)) };
  }

  async #list(patterns: readonly string[]): Promise<RefList> {
    const asked = this.#keptOf.asking(patterns);
    await this.#fetch(asked);
    const { shown, kept, queue, marked } = await this.#refs.standing(asked);
    const known = await this.#keptOf.known(shown, (await this.#processes.open()).reader);
    if (known === null) return this.#refs.showOther({ kept, shown });
    const isSure = known === undefined || known === marked || (await this.#refs.isSure(marked));
    const first = await this.#refs.follow({ kept, shown, queue });
    const { keptPrefix } = this.#map;
    if (patterns.includes(keptPrefix)) await packManyRefs(this.#store, [keptPrefix, this.#map.tracking(keptPrefix)]);
    const list =
      first.length === 0 ? { refs: shown, wentBack: new Set<string>() } : await this.#lookAgain(first, kept, shown);
    if (known === undefined || known === marked) return list;
    return this.#refs.confirm(known, list, isSure ? null : { patterns, kept });
  }

  /** @param first what the remote didn't show as it is kept */
  async #lookAgain(
    first: readonly string[],
    kept: ReadonlyMap<string, Oid>,
    shown: ReadonlyMap<string, Oid>,
  ): Promise<RefList> {
    const { archive } = this.#map;
    await this.#fetch(this.#keptOf.asking([...first, archive]));
    const second = await this.#refs.standing(this.#keptOf.asking(first));
    const before = new Map([...kept].filter(([ref]) => first.includes(ref)));
    const known = await this.#keptOf.known(second.shown, (await this.#processes.open()).reader);
    if (known === null) return this.#refs.showOther({ kept: before, shown: second.shown });
    const behind = await this.#refs.follow({ ...second, kept: before });
    const archived = await this.#refs.archived(
      new Map([...before].filter(([ref]) => !second.shown.has(ref) && ref !== archive)),
    );
    const wentBack = behind.filter((ref) => !archived.has(ref));
    const refs = new Map([...shown].filter(([ref]) => !first.includes(ref)));
    for (const [ref, oid] of second.shown) refs.set(ref, oid);
    return { refs, wentBack: new Set(wentBack) };
  }

  async #push(request: PushRequest, { objects }: SwapOptions): Promise<PushResult> {
    await this.#processes.open();
    await writeLooseObjects(join(this.#store.store, 'objects'), this.objectFormat, objects);
    return this.#pusher.push(request, objects);
  }

  /** What was shown once and isn't there: if the store has lost objects, the remote still has them. */
  #refetch(): Promise<void> {
    return this.#locked(async () => {
      await this.#processes.discardIfBroken();
      await this.#fetch(this.#lastPatterns);
    });
  }

  /** Brings back what a push found missing: the store was damaged, or removed, since the last list. */
  async #refill(updates: readonly RefUpdate[]): Promise<void> {
    await this.#locked(async () => {
      await this.#processes.discardIfBroken();
      await this.#fetch([...this.#lastPatterns, ...updates.map(({ ref }) => ref)]);
    });
  }

  async #fetch(patterns: readonly string[]): Promise<void> {
    await this.#processes.open();
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
      if (!(await this.#processes.discardIfBroken())) throw error;
      return work();
    }
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

function isMissing(commit: CommitObject | Unreadable): boolean {
  return 'unreadable' in commit && commit.unreadable === 'missing';
}
