/**
 * The composition root: from a clone to a context in which use-cases run. The only place where the real clock, the
 * machine, the file system's ledgers and a transport are chosen.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
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
import { heldLedger } from './store/held-ledger.ts';
import { type EndedEntry, jsonLedger, type PendingEntry } from './store/json-ledger.ts';
import { observations } from './store/observations.ts';
import { ownFolder } from './store/own-folder.ts';
import { type RecordStore, recordStore } from './store/record-store.ts';
import { refLayout } from './store/ref-layout.ts';
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
  const transport = await openTransport(setup, book, request.cached ?? false);
  const who = await whoAmI({ ...setup, agentFlag: request.agentFlag, pid: process.pid, random: Math.random });
  return compose(setup, book, transport, who, request);
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
    cloneTop: clone.topLevel ?? dirname(commonDir),
    remote: book.remote,
    prefix: book.prefix,
    objectFormat,
    env,
    cached,
    limits: { timeoutMs: requestTimeoutMs },
  });
}

function compose(setup: Setup, book: BookSettings, transport: Transport, who: Identity, request: OpenRequest): App {
  const { clone, config } = setup;
  const timings = resolveTimings(config.coordination, {
    host: book.host,
    daemon: config.coordination.daemon === 'auto',
  });
  const place = placeOf(clone.commonDir);
  const folder = (name: string) => ownFolder(fileFolder(join(clone.coordDir, name)), place);
  const boot = bootId();
  const mirror = openMirror(setup, book, request.warn);
  let pushes = 0;
  const context: Context = {
    store: checkingBook(recordStore(transport, refLayout(book.prefix), kindOf), book),
    held: heldLedger(folder('held')),
    ended: jsonLedger<EndedEntry>(folder('ended')),
    pending: jsonLedger<PendingEntry>(folder('pending')),
    agents: jsonLedger<AgentEntry>(folder('agents')),
    observed: observations(fileFolder(clone.coordDir), `${boot} ${timeNamespace()}`),
    clock: request.clock ?? realClock,
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

/** What a probe found, and of which remote. */
export interface StoredProfile extends Profile {
  readonly remote: string;
}

function readProfile({ clone }: Setup, book: BookSettings): Profile {
  if (book.remote === null) return ownRefs;
  const stored = jsonLedger<StoredProfile>(fileFolder(clone.coordDir)).get('profile.json');
  if (stored?.remote === book.remote) return stored;
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
    const options = { cloneGitDir: clone.commonDir, store: storePath(clone), env: gitEnvironment(env) };
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
