/**
 * The composition root: from a clone to a context in which use-cases run. The only place where the real clock, the
 * machine, the file system's ledgers and a transport are chosen.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bootId, monotonicMs, placeOf, sinceBootMs, timeNamespace } from './config/boot.ts';
import { type Clone, readClone } from './config/clone.ts';
import type { Config, LoadedConfig } from './config/config.ts';
import { type HostProfile, hostOf } from './config/hosts.ts';
import type { Identity } from './config/identity.ts';
import { loadConfig } from './config/load.ts';
import { leaseTimings, resolveTimings, type Timings } from './config/timings.ts';
import { whoAmI } from './config/who.ts';
import type { AgentEntry } from './coordinator/agent-beats.ts';
import type { Clock, Context, Mirror, Profile } from './coordinator/context.ts';
import { kindOf } from './coordinator/record-kinds.ts';
import type { FormatNote } from './domain/agent.ts';
import { CoordError } from './errors.ts';
import { fileFolder } from './store/folder.ts';
import { type Freshness, freshness } from './store/freshness.ts';
import { heldLedger } from './store/held-ledger.ts';
import { type EndedEntry, jsonLedger, type PendingEntry } from './store/json-ledger.ts';
import { observations } from './store/observations.ts';
import { ownFolder } from './store/own-folder.ts';
import { type RecordStore, recordStore } from './store/record-store.ts';
import { refLayout } from './store/ref-layout.ts';
import type { ProbeResult } from './transport/git/probe.ts';
import type { Transport } from './transport/port.ts';

export interface Setup {
  readonly clone: Clone;
  readonly loaded: LoadedConfig;
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
}

/** What a clone's configuration says of its book. Null: `init` has not been run. */
export interface BookSettings {
  readonly mode: 'local' | 'remote';
  readonly book: string;
  /** A remote's name or a URL; null in the embedded mode. */
  readonly remote: string | null;
  readonly host: HostProfile | null;
  readonly prefix: string;
}

export interface App extends Setup {
  readonly context: Context;
  readonly who: Identity;
  readonly book: BookSettings;
  readonly timings: Timings;
  readonly transport: Transport;
  readonly fresh: Freshness;
  /** When the remote was asked for what this app shows; ISO 8601, or `never`. */
  asOf(): string;
  /** Pushes made through this app, for the metrics. */
  pushes(): number;
  /** Has the clone show all live claims that the last read of the book showed: others' too (protocol 1, "Mirror"). */
  mirrorAll(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenRequest {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly agentFlag?: string | undefined;
  /** Answer from what the last read of the remote left in the store. */
  readonly cached?: boolean;
  /** The same, if the daemon asked within the last poll. */
  readonly mayBeFresh?: boolean;
  readonly warn: (text: string) => void;
  readonly clock?: Clock;
}

const requestTimeoutMs = 30_000;

/** @throws CoordError `not-found` outside a repository, `config` */
export async function readSetup(request: Pick<OpenRequest, 'cwd' | 'env'>): Promise<Setup> {
  const clone = await readClone(request);
  const loaded = await loadConfig({ root: clone.topLevel, gitConfig: clone.gitConfig, env: request.env });
  return { clone, loaded, config: loaded.config, env: request.env };
}

export function bookSettings({ clone, config }: Setup): BookSettings | null {
  const last = (key: string): string | undefined => clone.gitConfig.get(key)?.at(-1);
  const book = last('coord.book');
  if (book === undefined || config.coordination.mode === 'auto') return null;
  const { mode, prefix } = config.coordination;
  if (mode === 'local') return { mode, book, remote: null, host: null, prefix };
  const remote = config.coordination.remote;
  return { mode, book, remote, host: hostOf(last(`remote.${remote}.url`) ?? remote), prefix };
}

/**
 * Opens the book of a clone.
 * @throws CoordError `not-found` without `init`, `config`, `bad-id`
 */
export async function openApp(request: OpenRequest): Promise<App> {
  const setup = await readSetup(request);
  for (const warning of setup.loaded.warnings) request.warn(warning);
  const book = bookSettings(setup);
  if (book === null) {
    throw new CoordError('not-found', 'there is no book in this clone yet', { next: ['git coord init'] });
  }
  const who = await whoAmI({ ...setup, agentFlag: request.agentFlag, pid: process.pid, random: Math.random });
  return compose(setup, book, who, request);
}

export function storePath(clone: Clone): string {
  return join(clone.coordDir, 'store.git');
}

export async function openTransport({ clone, env }: Setup, book: BookSettings, cached: boolean): Promise<Transport> {
  const { objectFormat, commonDir } = clone;
  if (book.remote === null) {
    const { createLocalTransport } = await import('./transport/local/local-transport.ts');
    return createLocalTransport({ gitDir: commonDir, objectFormat, env, timeoutMs: requestTimeoutMs });
  }
  const { createGitTransport } = await import('./transport/git/git-transport.ts');
  return createGitTransport({
    store: storePath(clone),
    cloneGitDir: commonDir,
    cloneTop: clone.topLevel ?? commonDir,
    remote: book.remote,
    prefix: book.prefix,
    objectFormat,
    env,
    cached,
    limits: { timeoutMs: requestTimeoutMs },
  });
}

async function compose(setup: Setup, book: BookSettings, who: Identity, request: OpenRequest): Promise<App> {
  const { clone, config } = setup;
  const daemon = config.coordination.daemon === 'auto';
  const timings = resolveTimings(config.coordination, { host: book.host, daemon });
  const clock = request.clock ?? realClock;
  const boot = bootId();
  const era = `${boot} ${timeNamespace()}`;
  const fresh = freshness(fileFolder(clone.coordDir), era);
  const isFresh = request.mayBeFresh === true && fresh.ageMs(clock.monoMs(), timings.pollIntervalMs) !== null;
  const cached = book.mode === 'remote' && (request.cached === true || isFresh);
  const transport = await openTransport(setup, book, cached);
  const place = placeOf(clone.commonDir);
  const folder = (name: string) => ownFolder(fileFolder(join(clone.coordDir, name)), place);
  const mirror = openMirror(setup, book, request.warn);
  const layout = refLayout(book.prefix);
  let pushes = 0;
  const context: Context = {
    store: checkingBook(
      recordStore(cached ? transport : noting(transport, fresh, clock, layout.all('board')), layout, kindOf),
      book,
    ),
    held: heldLedger(folder('held')),
    ended: jsonLedger<EndedEntry>(folder('ended')),
    pending: jsonLedger<PendingEntry>(folder('pending')),
    agents: jsonLedger<AgentEntry>(folder('agents')),
    observed: observations(fileFolder(clone.coordDir), era, clock),
    clock,
    boot,
    profile: readProfile(setup, book),
    mirror,
    registration: {
      host: hostname(),
      project: basename(clone.topLevel ?? clone.commonDir),
      capabilities: [...config.agents.specializations],
      limit: config.agents.maxConcurrentTasks,
    },
    random: Math.random,
    nonce: () => randomBytes(16).toString('base64url'),
    intervalMs: (ttlMs) => leaseTimings(ttlMs, config.coordination.heartbeatIntervalMs).heartbeatIntervalMs,
    pushed: () => {
      pushes++;
    },
  };
  return {
    ...setup,
    context,
    who,
    book,
    timings,
    transport,
    fresh,
    asOf: () => (cached ? (fresh.lastAsked() ?? 'never') : clock.wall()),
    pushes: () => pushes,
    mirrorAll: () => mirror.showAll(),
    close: () => transport.close(),
  };
}

export const realClock: Clock = {
  wall: () => new Date().toISOString(),
  monoMs: monotonicMs,
  bootMs: sinceBootMs,
  sleep: (ms) => delay(ms),
};

/** git itself, in this clone, was probed by everybody. A remote is trusted once `init` or `doctor` has probed it. */
const ownRefs: Profile = { trusted: true, atomic: true, deletes: true, nonFastForward: true };

/** What a probe found, and at which address: a remote's name may come to mean another server. */
export interface StoredProfile extends Profile {
  readonly address: string;
  readonly protocolV2: boolean;
}

const profileName = 'profile.json';

/** What the last probe found of this remote; null: nothing that can be trusted. */
export function storedProfile(setup: Setup, remote: string): StoredProfile | null {
  const stored = jsonLedger<StoredProfile>(fileFolder(setup.clone.coordDir)).get(profileName);
  return stored?.address === addressOf(setup, remote) ? stored : null;
}

/** Hashed: an address may hold a password. */
function addressOf({ clone }: Setup, remote: string): string {
  const urls = ['pushurl', 'url'].flatMap((key) => clone.gitConfig.get(`remote.${remote}.${key}`) ?? []);
  return createHash('sha256')
    .update(JSON.stringify([remote, ...urls]))
    .digest('hex')
    .slice(0, 32);
}

/**
 * Tries what this remote allows, and keeps what was found (protocol 5). Four pushes.
 * @throws CoordError `unavailable`
 */
export async function probeBook(setup: Setup, remote: string, prefix: string): Promise<ProbeResult> {
  const { clone, env } = setup;
  const { probeRemote } = await import('./transport/git/probe.ts');
  const { commonDir, objectFormat } = clone;
  const places = { store: storePath(clone), cloneGitDir: commonDir, cloneTop: clone.topLevel ?? commonDir };
  const result = await probeRemote({ ...places, remote, prefix, objectFormat, env, timeoutMs: requestTimeoutMs });
  const ledger = jsonLedger<StoredProfile>(fileFolder(clone.coordDir));
  if (result.compareAndSwap !== true) ledger.remove(profileName);
  else {
    const { atomic, deletes, nonFastForward } = result;
    const found = { atomic: atomic === true, deletes: deletes === true, nonFastForward: nonFastForward === true };
    ledger.put(profileName, {
      address: addressOf(setup, remote),
      trusted: true,
      ...found,
      protocolV2: result.protocolV2,
    });
  }
  return result;
}

/**
 * Looks the store through. A broken one is taken away: the next read fills a new one from the remote.
 * @throws CoordError `unavailable` when there can be no store (disk full, no rights)
 */
export async function checkStore({ clone, env }: Setup): Promise<'sound' | 'rebuilt'> {
  const [{ isStoreSound, openStore, removeStore }, { gitEnvironment }] = await Promise.all([
    import('./transport/git/store-repository.ts'),
    import('./transport/git-process.ts'),
  ]);
  const { objectFormat } = clone;
  const store = { store: storePath(clone), objectFormat, env: gitEnvironment(env), timeoutMs: requestTimeoutMs };
  const identity = await openStore(store);
  if (await isStoreSound(store)) return 'sound';
  await removeStore(store, identity);
  return 'rebuilt';
}

/** One `init` of a clone at a time: others wait. */
export async function withInitLock<T>({ clone }: Setup, work: () => Promise<T>): Promise<T> {
  const { withFileLock } = await import('./transport/git/file-lock.ts');
  await mkdir(clone.coordDir, { recursive: true });
  return withFileLock(join(clone.coordDir, 'init.lock'), 20 * requestTimeoutMs, work);
}

function readProfile(setup: Setup, book: BookSettings): Profile {
  if (book.remote === null) return ownRefs;
  const stored = storedProfile(setup, book.remote);
  if (stored !== null) return stored;
  return {
    trusted: false,
    atomic: book.host?.atomic ?? true,
    deletes: book.host?.deletes ?? true,
    nonFastForward: true,
  };
}

interface WholeMirror extends Mirror {
  showAll(): Promise<void>;
}

const noMirror: WholeMirror = { show: async () => {}, hide: async () => {}, showAll: async () => {} };

/** Loaded when first used: most commands show nothing. */
function openMirror({ clone, config, env }: Setup, book: BookSettings, warn: (text: string) => void): WholeMirror {
  if (book.mode === 'local' || config.coordination.mirror === 'none') return noMirror;
  const open = async () => {
    const [{ cloneMirror }, { gitEnvironment }] = await Promise.all([
      import('./transport/git/clone-mirror.ts'),
      import('./transport/git-process.ts'),
    ]);
    const { commonDir: cloneGitDir, objectFormat } = clone;
    const options = { cloneGitDir, objectFormat, store: storePath(clone), env: gitEnvironment(env) };
    return cloneMirror({ ...options, timeoutMs: requestTimeoutMs, onProblem: warn });
  };
  return {
    show: async (task, oid) => (await open()).show(task, oid),
    hide: async (task) => (await open()).hide(task),
    showAll: async () => {
      const { refMap } = await import('./transport/git/ref-map.ts');
      await (await open()).showAll(refMap(book.prefix).tracking(`${book.prefix}claims/`));
    },
  };
}

/** Keeps what reads are worth: when the remote was asked, and that a write ends what earlier reads showed. */
function noting(transport: Transport, fresh: Freshness, clock: Clock, board: string): Transport {
  return {
    objectFormat: transport.objectFormat,
    async list(patterns) {
      const at = clock.wall();
      const list = await transport.list(patterns);
      if (patterns.includes(board)) fresh.asked(at);
      return list;
    },
    read: (oids) => transport.read(oids),
    compareAndSwap: (updates, options) =>
      transport.compareAndSwap(updates, options).finally(() => fresh.wrote(clock.monoMs())),
    close: () => transport.close(),
  };
}

/** The first read asks for the book's identity too, so that a recreated or newer book is noticed (protocol 2). */
function checkingBook(store: RecordStore, book: BookSettings): RecordStore {
  let checked = false;
  return {
    ...store,
    async read(patterns) {
      if (checked) return store.read(patterns);
      const read = await store.read([...patterns, store.layout.format]);
      const decoded = read.records.get(store.layout.format)?.decoded;
      if (decoded === undefined) throw bookGone(book);
      if (!decoded.ok) throw new CoordError('unavailable', `the book can't be read: ${decoded.why}`);
      if ((decoded.note as FormatNote).book !== book.book) throw otherBook(book);
      checked = true;
      return read;
    },
  };
}

function bookGone(book: BookSettings): CoordError {
  return new CoordError('unavailable', `there is no book at ${book.remote ?? 'this clone'} any more`, {
    hint: 'Its refs were deleted or the repository was made anew. Nothing was written.',
    next: ['git coord doctor', 'git coord init'],
  });
}

function otherBook(book: BookSettings): CoordError {
  return new CoordError(
    'unavailable',
    `${book.remote ?? 'this clone'} holds another book than the one this clone joined`,
    {
      hint: 'The repository was made anew, or the address points elsewhere now. To use the new book, join it.',
      next: ['git coord init'],
    },
  );
}
