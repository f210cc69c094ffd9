import { existsSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { preload, realClock } from '../app/open-app.ts';
import { readSetup } from '../app/setup.ts';
import type { DaemonFile } from '../daemon-link/daemon-file.ts';
import type { DaemonStatus } from '../daemon-link/messages.ts';
import { ownIdentity } from '../daemon-link/process-identity.ts';
import { daemonVersion } from '../daemon-link/version.ts';
import { serveBesides } from './daemon-dashboard.ts';
import { type DaemonLock, takeDaemonLock } from './daemon-lock.ts';
import { endChildren } from './end-children.ts';
import { HeldWatch } from './held-watch.ts';
import { type EndReason, Keeper } from './keeper.ts';
import { type Log, openLog } from './log.ts';
import { OpenBook } from './open-book.ts';
import { serve } from './serve.ts';
import { ensureSocketFolder, socketPlace } from './socket-place.ts';

export interface DaemonRequest {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Takes each line of the log. */
  readonly show: (line: string) => void;
}

/** How it ended; or which daemon runs already. */
export type DaemonEnd =
  | { readonly kind: 'ended'; readonly text: string }
  | { readonly kind: 'runs-already'; readonly pid: number };

const idleMsDefault = 10 * 60_000;
/** A push that is under way when we are told to end may still be answered. */
const finishMs = 5000;
const closeMs = 500;
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs the daemon of a clone's store until it has nothing to do, is told to end, or is replaced.
 * `COORD_DAEMON_IDLE_MS` in the environment: after how long without a claim it ends (10 minutes).
 * @throws CoordError as `openApp`; `unavailable` when it can't write its files or listen
 */
export async function runDaemon({ cwd, env, show }: DaemonRequest): Promise<DaemonEnd> {
  const { clone, config } = await readSetup({ cwd, env });
  const { coordDir } = clone;
  const log = openLog({ coordDir, wall: realClock.wall, show });
  log.follow(config.monitoring);
  await preload();
  const book = await OpenBook.open(cwd, env, log);
  mkdirSync(coordDir, { recursive: true });
  const file: DaemonFile = {
    ...ownIdentity(),
    socket: socketPlace(coordDir, tmpdir()),
    startedAt: realClock.wall(),
    version: daemonVersion,
  };
  try {
    return await keepOn({ coordDir, file, book, log, idleMs: idleMsOf(env) });
  } finally {
    await Promise.race([book.app.close().catch(() => {}), delay(closeMs)]);
    await endChildren();
  }
}

interface Parts {
  readonly coordDir: string;
  readonly file: DaemonFile;
  readonly book: OpenBook;
  readonly log: Log;
  readonly idleMs: number;
}

async function keepOn(parts: Parts): Promise<DaemonEnd> {
  const { coordDir, file, log } = parts;
  for (;;) {
    const taken = await takeDaemonLock(coordDir, file);
    if ('pid' in taken) return { kind: 'runs-already', pid: taken.pid };
    log.info(`began: process ${file.pid}, version ${file.version}`);
    const keeper = new Keeper({ ...parts, held: new HeldWatch(coordDir), mustEnd: watchPlace(coordDir, taken) });
    const reason = await keepUntilEnd(keeper, taken, parts);
    // Who claimed while it ended still found it here, and started no other: its claim is in the ledger by now.
    if (reason.kind === 'idle' && keeper.holdsNow().length > 0) continue;
    if (existsSync(coordDir)) log.info(`ended: ${reason.text}`);
    return { kind: 'ended', text: reason.text };
  }
}

async function keepUntilEnd(
  keeper: Keeper,
  lock: DaemonLock,
  { coordDir, file, book, log }: Parts,
): Promise<EndReason> {
  let told: (reason: EndReason) => void = () => {};
  const overdue = new Promise<EndReason>((resolve) => {
    told = resolve;
  });
  const stop = (text: string) => {
    keeper.stop(text);
    setTimeout(() => told({ kind: 'stopped', text: `${text}; what was under way is given up` }), finishMs).unref();
  };
  const release = listenToProcess(stop, log);
  let server: Server | undefined;
  const endBesides = serveBesides(book, log, () => keeper.stay());
  try {
    ensureSocketFolder(coordDir, file.socket);
    server = await serve(file.socket, {
      status: () => statusOf(keeper, file),
      wake: (env, watchMs) => {
        book.lend(env);
        keeper.wake(watchMs);
      },
      stop: () => stop('it was told to end'),
    });
    return await Promise.race([keeper.run(), overdue]);
  } finally {
    release();
    await Promise.race([endBesides(), delay(closeMs)]);
    server?.close();
    if (lock.isOurs()) removeSocket(coordDir, file.socket);
    lock.release();
  }
}

function statusOf(keeper: Keeper, { pid, version, startedAt }: DaemonFile): DaemonStatus {
  const { claims, lastBeatAt } = keeper;
  return { pid, version, startedAt, claims, lastBeatAt, rssBytes: process.memoryUsage.rss() };
}

/** Signals end it cleanly; an error that reached nobody is logged, and the claims are kept all the same. */
function listenToProcess(stop: (text: string) => void, log: Log): () => void {
  const onSignal = (signal: NodeJS.Signals) => stop(`it was sent ${signal}`);
  const onError = (error: Error) => log.error(`a defect in git-coord: ${error.stack ?? error.message}`);
  for (const signal of signals) process.on(signal, onSignal);
  process.removeAllListeners('uncaughtException').on('uncaughtException', onError);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/** Whether the place from which we keep claims is still ours. A file that is away for one look may be about to come back. */
function watchPlace(coordDir: string, lock: DaemonLock): () => string | null {
  let missed = 0;
  return () => {
    // what is being deleted has lost its HEAD, and more may be left of it for as long as somebody writes there
    if (!existsSync(join(dirname(coordDir), 'HEAD'))) return 'the clone is gone';
    if (!existsSync(coordDir)) return 'the folder coord is gone';
    missed = lock.isOurs() ? 0 : missed + 1;
    return missed > 2 ? 'another daemon took over, or daemon.json was removed' : null;
  };
}

function removeSocket(coordDir: string, path: string): void {
  rmSync(path, { force: true });
  try {
    if (dirname(path) !== coordDir) rmdirSync(dirname(path));
  } catch {
    // not empty, or gone
  }
}

function idleMsOf(env: NodeJS.ProcessEnv): number {
  const given = Number(env.COORD_DAEMON_IDLE_MS);
  return Number.isFinite(given) && given > 0 ? given : idleMsDefault;
}
