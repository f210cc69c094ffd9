/**
 * The composition root: from a clone to a context in which use-cases run. Below this folder nothing chooses the real
 * clock, the machine, the file system's ledgers or a transport.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bootId, monotonicMs, placeOf, sinceBootMs, timeNamespace } from '../config/boot.ts';
import { build } from '../config/build.ts';
import type { Identity } from '../config/identity.ts';
import { leaseTimings, resolveTimings, type Timings } from '../config/timings.ts';
import { whoAmI } from '../config/who.ts';
import type { AgentEntry, ChainTip, Clock, Context } from '../coordinator/context.ts';
import { kindOf } from '../coordinator/record-kinds.ts';
import type { QueuedEvent } from '../domain/event.ts';
import { CoordError } from '../errors.ts';
import { fileFolder } from '../store/folder.ts';
import { type Freshness, freshness } from '../store/freshness.ts';
import { heldLedger } from '../store/held-ledger.ts';
import { type EndedEntry, jsonLedger, type PendingEntry } from '../store/json-ledger.ts';
import { type Observations, observations, withoutSightings } from '../store/observations.ts';
import { ownFolder } from '../store/own-folder.ts';
import { recordStore } from '../store/record-store.ts';
import { refLayout } from '../store/ref-layout.ts';
import { rememberedInFile } from '../store/remembered.ts';
import type { Transport } from '../transport/port.ts';
import { type Meter, openMeter } from './meter.ts';
import { openMirror } from './mirror.ts';
import { readProfile, takesPosts } from './profile.ts';
import { type BookSettings, bookSettings, openTransport, readSetup, type Setup, type SetupRequest } from './setup.ts';
import { checkingBook, noting, timing } from './watched-book.ts';

/** A daemon's look that takes its time must not send a claim to ask for itself: what it decides on is proved by its push. */
const recentPolls = 1.5;
/** Where polls are rare, what is best to do next is asked for. */
const recentMsMax = 5000;

export interface App extends Setup {
  readonly context: Context;
  readonly who: Identity;
  readonly book: BookSettings;
  readonly timings: Timings;
  readonly transport: Transport;
  readonly fresh: Freshness;
  /**
   * A context to read what the daemon saw in its last look; null: nothing that recent (or, if said, that began at most
   * `ageMsMax` ago). Reads there are no sightings.
   */
  recent(ageMsMax?: number): Promise<Context | null>;
  /** A context to read what this clone last saw, however long ago, its own writes among it. */
  shown(): Promise<Context>;
  /** What this clone's processes have noted by now of what stands still: to look at. */
  observedByNow(): Observations;
  /** When the remote was asked for what this app shows; ISO 8601, or `never`. */
  asOf(): string;
  readonly meter: Meter;
  /** Has the clone show all live claims that the last read of the book showed: others' too (protocol 1, "Mirror"). */
  mirrorAll(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenRequest extends SetupRequest {
  readonly agentFlag?: string | undefined;
  /** Answer from what the last read of the remote left in the store. */
  readonly cached?: boolean;
  /** The same, if the daemon asked within the last poll. */
  readonly mayBeFresh?: boolean;
  readonly warn: (text: string) => void;
  readonly clock?: Clock;
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

async function compose(setup: Setup, book: BookSettings, who: Identity, request: OpenRequest): Promise<App> {
  const { clone, config } = setup;
  const daemon = config.coordination.daemon === 'auto';
  const timings = resolveTimings(config.coordination, { host: book.host, daemon });
  const clock = request.clock ?? realClock;
  const boot = bootId();
  const era = `${boot} ${timeNamespace()}`;
  const fresh = freshness(fileFolder(clone.coordDir), era);
  const isFresh = request.mayBeFresh === true && fresh.ageMs(clock.bootMs(), timings.pollIntervalMs) !== null;
  const cached = book.mode === 'remote' && (request.cached === true || isFresh);
  const transport = await openTransport(setup, book, { cached, posts: takesPosts(setup, book) });
  const place = placeOf(clone.commonDir);
  const folder = (name: string) => ownFolder(fileFolder(join(clone.coordDir, name)), place);
  const mirror = openMirror(setup, book, request.warn);
  const layout = refLayout(book.prefix);
  const observed = observations(fileFolder(clone.coordDir), era, clock);
  const remembered = rememberedInFile(fileFolder(clone.coordDir), build);
  const meter = openMeter({
    coordDir: clone.coordDir,
    enabled: config.monitoring.metricsEnabled,
    wall: clock.wall,
  });
  const context: Context = {
    store: checkingBook(
      recordStore(
        cached ? transport : noting(timing(transport, clock, meter.measured), fresh, clock, layout.all('board')),
        layout,
        kindOf,
        remembered,
      ),
      book,
    ),
    held: heldLedger(folder('held')),
    ended: jsonLedger<EndedEntry>(folder('ended')),
    pending: jsonLedger<PendingEntry>(folder('pending')),
    agents: jsonLedger<AgentEntry>(folder('agents')),
    chains: jsonLedger<ChainTip>(folder('chains')),
    outbox: jsonLedger<QueuedEvent>(folder('outbox')),
    observed: cached ? withoutSightings(observed) : observed,
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
    pushed: meter.pushed,
    measured: meter.measured,
  };
  let opened: Promise<Transport> | undefined;
  const shown = async (): Promise<Context> => {
    if (book.mode === 'local' || cached) return context;
    // one for all looks: whoever works for long asks again and again
    opened ??= openTransport(setup, book, { cached: true }).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    const store = checkingBook(recordStore(await opened, layout, kindOf, remembered), book);
    return { ...context, store, observed: withoutSightings(observed) };
  };
  const recentMs = Math.min(recentMsMax, recentPolls * timings.pollIntervalMs);
  const recent = async (ageMsMax = recentMs): Promise<Context | null> => {
    const isRecent = fresh.isRecent(clock.bootMs(), Math.min(recentMs, ageMsMax));
    return book.mode === 'local' || cached || !isRecent ? null : shown();
  };
  return {
    ...setup,
    context,
    recent,
    shown,
    who,
    book,
    timings,
    transport,
    fresh,
    observedByNow: () => withoutSightings(observations(fileFolder(clone.coordDir), era, clock)),
    asOf: () => (cached ? (fresh.lastAsked() ?? 'never') : clock.wall()),
    meter,
    mirrorAll: () => mirror.showAll(),
    close: async () => {
      await meter.flush();
      await Promise.all([transport.close(), opened?.then((one) => one.close())]);
    },
  };
}

export const realClock: Clock = {
  wall: () => new Date().toISOString(),
  monoMs: monotonicMs,
  bootMs: sinceBootMs,
  sleep: (ms) => delay(ms),
};

/** Loads what is otherwise loaded when first used: a process that stays must not miss it once the files were replaced. */
export async function preload(): Promise<void> {
  await Promise.all([
    import('yaml'),
    import('../transport/local/local-transport.ts'),
    import('../transport/git/git-transport.ts'),
    import('../transport/git/clone-mirror.ts'),
    import('../transport/git/ref-map.ts'),
    import('../transport/git-process.ts'),
    import('node:http'),
    import('node:https'),
  ]);
}
