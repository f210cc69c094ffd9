/**
 * The daemon's loop: one round after another, never two at once (protocol 6, 7, 9).
 *
 *   look    several times a second, at the clone's own ledgers and processes: is a beat due, is an owner gone?
 *   keep    when something is due, or what is held changed: one push for all beats, one read of their tasks
 *   sweep   every poll interval while anybody holds something, rarely otherwise: who stood still has expired
 *
 * Whatever fails is logged and tried again, later and later; no failure ends the loop.
 */

import { archivePolicy } from '../config/archive-policy.ts';
import { ownerGone } from '../config/owner.ts';
import { dueAgents } from '../coordinator/agent-beats.ts';
import { hasQueued } from '../coordinator/event-chains.ts';
import { type KeepReport, keepClaims } from '../coordinator/keep-claims.ts';
import { sweep } from '../coordinator/sweep.ts';
import { CoordError } from '../errors.ts';
import type { HeldEntry } from '../store/held-ledger.ts';
import { ClaimNews } from './claim-news.ts';
import { CodeWatch } from './code-watch.ts';
import { Backoff, dueInMs } from './due.ts';
import type { HeldWatch } from './held-watch.ts';
import type { Log } from './log.ts';
import type { OpenBook } from './open-book.ts';

export interface KeeperOptions {
  readonly book: OpenBook;
  readonly held: HeldWatch;
  readonly log: Log;
  /** It ends when nothing was held, and nobody asked, for so long. */
  readonly idleMs: number;
  /** Why it must end at once: another daemon took over, the clone is gone. Null: it needn't. */
  readonly mustEnd: () => string | null;
}

export type EndReason = { readonly kind: 'idle' | 'stopped' | 'displaced'; readonly text: string };

const lookMs = 250;
/** While nothing is held: who claims wakes it. */
const idleLookMs = 500;
const lookMsMin = 20;
/** How often a book in which nobody holds anything is looked at. */
const restMs = 30_000;
/** After the last thing that was held, the book is still looked at often for so long. */
const lingerMs = 60_000;
const backoffMsMax = 15_000;
/** The user's git configuration is asked for at a wake, at most this often. */
const askConfigMs = 5000;
/** Claims in a row are shown together, after so many looks at the latest: copying them costs more than the look. */
const unshownMax = 4;
const watchMsMax = 24 * 3_600_000;
const nowMs = (): number => performance.now();

export class Keeper {
  lastBeatAt: string | null = null;
  readonly #options: KeeperOptions;
  readonly #news = new ClaimNews();
  readonly #code: CodeWatch;
  readonly #keepBackoff = new Backoff();
  /** Events that the remote doesn't take. */
  readonly #tellBackoff = new Backoff();
  readonly #sweepBackoff = new Backoff();
  #holds: readonly string[] = [];
  /** Agents' records wait to be told what changed. True at first: a release while no daemon ran was told to nobody. */
  #changed = true;
  #changedAtMs = Number.NEGATIVE_INFINITY;
  #away = false;
  #lastProblem = '';
  /** Looks that brought news which the clone's own refs don't show yet. */
  #unshown = 0;
  #keptMs = Number.NEGATIVE_INFINITY;
  #sweepAtMs = 0;
  #lingersUntilMs = 0;
  #askedConfigMs = Number.NEGATIVE_INFINITY;
  #woken = true;
  #wakeUp: () => void = () => {};
  /** Until when it stays though nothing is held. */
  #staysUntilMs: number;
  #stopText: string | null = null;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#code = new CodeWatch(options.log);
    this.#staysUntilMs = nowMs() + options.idleMs;
  }

  get claims(): number {
    return this.#holds.length;
  }

  /** Somebody asks for what it serves: it doesn't end for lack of claims. */
  stay(): void {
    this.#staysUntilMs = Math.max(this.#staysUntilMs, nowMs() + this.#options.idleMs);
  }

  wake(watchMs: number): void {
    const stayMs = Math.max(this.#options.idleMs, Math.min(watchMs, watchMsMax));
    this.#staysUntilMs = Math.max(this.#staysUntilMs, nowMs() + stayMs);
    this.#lingersUntilMs = Math.max(this.#lingersUntilMs, nowMs() + lingerMs);
    this.#sweepAtMs = Math.min(this.#sweepAtMs, nowMs() + this.#pollMs());
    this.#woken = true;
    this.#wakeUp();
  }

  /** It ends after the round that is under way. */
  stop(text: string): void {
    this.#stopText ??= text;
    this.#wakeUp();
  }

  holdsNow(): HeldEntry[] {
    const { held, boot } = this.#options.book.app.context;
    return this.#options.held.look(held, boot);
  }

  async run(): Promise<EndReason> {
    for (;;) {
      const reason = this.#endReason();
      if (reason !== null) return reason;
      await this.#attempt('opening the book', () => this.#refresh());
      await this.#attempt('keeping claims', () => this.#keepWhenDue(), this.#keepBackoff);
      if (this.#endReason() === null) {
        await this.#attempt('sweeping', () => this.#sweepWhenDue(), this.#sweepBackoff);
      }
      await this.#options.book.app.meter.flushPushes();
      await this.#pause();
    }
  }

  #endReason(): EndReason | null {
    if (this.#stopText !== null) return { kind: 'stopped', text: this.#stopText };
    const must = this.#options.mustEnd();
    if (must !== null) return { kind: 'displaced', text: must };
    if (nowMs() < this.#staysUntilMs || this.#woken || this.holdsNow().length > 0) return null;
    return { kind: 'idle', text: `nothing has been held for ${Math.round(this.#options.idleMs / 1000)} s` };
  }

  async #attempt(what: string, action: () => Promise<void>, backoff?: Backoff): Promise<void> {
    try {
      await action();
    } catch (error) {
      backoff?.failed(nowMs(), lookMs * 2, this.#backoffMaxMs());
      this.#report(what, error);
    }
  }

  /** A short lease isn't left alone for long. */
  #backoffMaxMs(): number {
    const { intervalMs } = this.#options.book.app.context;
    return Math.min(backoffMsMax, ...this.holdsNow().map(({ ttlMs }) => intervalMs(ttlMs)));
  }

  #report(what: string, error: unknown): void {
    const { log } = this.#options;
    const words = error instanceof Error ? error.message : String(error);
    const isAway = error instanceof CoordError && (error.code === 'unavailable' || error.code === 'unknown');
    if (isAway) {
      if (!this.#away) log.warn(`${what}: ${words}; goes on trying`);
      else log.debug(`${what}: ${words}`);
      this.#away = true;
    } else if (words !== this.#lastProblem) {
      log.error(`${what}: ${words}`);
      log.debug(error instanceof Error ? (error.stack ?? '') : '');
      this.#lastProblem = words;
    }
  }

  #reached(): void {
    if (this.#away) this.#options.log.info('the book can be reached again');
    this.#away = false;
    this.#lastProblem = '';
  }

  async #refresh(): Promise<void> {
    const ask = this.#woken && nowMs() - this.#askedConfigMs > askConfigMs;
    this.#woken = false;
    if (ask) this.#askedConfigMs = nowMs();
    await this.#options.book.refresh(ask);
  }

  async #keepWhenDue(): Promise<void> {
    const { context } = this.#options.book.app;
    const entries = this.#noteHolds();
    if (nowMs() < this.#keepBackoff.untilMs) return;
    const isDue = entries.some((entry) => dueInMs(context, entry) <= 0);
    // claims taken one after the other are told of together, and not while a command may still be at work
    const hasNews = this.#changed || (nowMs() >= this.#tellBackoff.untilMs && hasQueued(context));
    const tells = hasNews && nowMs() - Math.max(this.#keptMs, this.#changedAtMs) >= this.#pollMs();
    if (!isDue && !tells) return;
    this.#keptMs = nowMs();
    this.#logKept(await keepClaims(context, ownerGone));
    // what is seen after our own push is recent again
    this.#sweepAtMs = Math.min(this.#sweepAtMs, nowMs());
    const left = this.#noteHolds();
    this.#changed = dueAgents(context, left).some(({ news }) => news);
    if (hasQueued(context)) this.#tellBackoff.failed(nowMs(), this.#pollMs(), restMs);
    else this.#tellBackoff.succeeded();
    const failed = left.some((entry) => dueInMs(context, entry) <= 0);
    if (failed) this.#keepBackoff.failed(nowMs(), lookMs * 2, this.#backoffMaxMs());
    else this.#keepBackoff.succeeded();
  }

  #noteHolds(): HeldEntry[] {
    const entries = this.holdsNow();
    const { log, idleMs } = this.#options;
    const holds = entries.map(({ task }) => task);
    if (entries.length > 0) this.#staysUntilMs = Math.max(this.#staysUntilMs, nowMs() + idleMs);
    const begun = entries.filter(({ task }) => !this.#holds.includes(task));
    const ended = this.#holds.filter((task) => !holds.includes(task));
    for (const { task, agent, ttlMs } of begun) log.info(`keeps ${task} for ${agent}, ttl ${ttlMs / 1000} s`);
    if (ended.length > 0) log.info(`keeps ${ended.join(', ')} no more`);
    if (begun.length + ended.length > 0) {
      this.#changed = true;
      this.#changedAtMs = nowMs();
    }
    this.#holds = holds;
    return entries;
  }

  #logKept({ beaten, ended }: KeepReport): void {
    const { log, book } = this.#options;
    const tasksOf = (beat: string): string[] => [...beaten].flatMap(([task, is]) => (is === beat ? [task] : []));
    const [renewed, lost, unclear] = [tasksOf('renewed'), tasksOf('lost'), tasksOf('unclear')];
    if (renewed.length > 0) {
      this.lastBeatAt = book.app.context.clock.wall();
      this.#reached();
      log.debug(`renewed ${renewed.join(', ')}`);
    }
    if (lost.length > 0) log.warn(`lost ${lost.join(', ')}: the task shows another holder, or none`);
    if (unclear.length > 0) log.debug(`not confirmed: ${unclear.join(', ')}`);
    for (const { task, reason } of ended)
      log.info(reason === 'timeout' ? `ended ${task}: its time was up` : `ended ${task}: its owner process is gone`);
  }

  async #sweepWhenDue(): Promise<void> {
    if (nowMs() < Math.max(this.#sweepAtMs, this.#sweepBackoff.untilMs)) return;
    const { app } = this.#options.book;
    const startedMs = app.context.clock.bootMs();
    const look = await sweep(this.#news.watch(app.context), app.who, archivePolicy(app.config));
    const { expired, repaired, waitMs, code, archived } = look;
    this.#sweepBackoff.succeeded();
    app.fresh.readWhole(startedMs);
    this.#reached();
    if (expired.length > 0) this.#options.log.info(`expired ${expired.join(', ')}: nobody renewed it`);
    if (repaired.length > 0) this.#options.log.info(`repaired ${repaired.join(', ')}`);
    if (archived > 0) this.#options.log.info(`archived ${archived} finished tasks`);
    this.#code.look(this.#options.book.place, code, nowMs());
    const isBusy = waitMs !== null || expired.length + repaired.length + this.#holds.length > 0;
    if (isBusy) this.#lingersUntilMs = nowMs() + lingerMs;
    const everyMs = nowMs() < this.#lingersUntilMs ? this.#pollMs() : Math.max(restMs, this.#pollMs());
    // never longer: what was seen counts as recent for one poll interval
    this.#sweepAtMs = nowMs() + everyMs * (0.7 + app.context.random() / 4);
    const isNew = this.#news.take();
    if (isNew) this.#unshown += 1;
    if (this.#unshown <= (isNew ? unshownMax : 0)) return;
    await app.mirrorAll();
    this.#unshown = 0;
  }

  #pollMs(): number {
    return this.#options.book.app.timings.pollIntervalMs;
  }

  async #pause(): Promise<void> {
    if (this.#woken || this.#stopText !== null) return;
    const { context } = this.#options.book.app;
    // what failed waits longer than until it is due
    const waits = nowMs() < this.#keepBackoff.untilMs;
    const dueMs = waits ? [] : this.holdsNow().map((entry) => dueInMs(context, entry));
    const nextMs = Math.min(this.#holds.length > 0 ? lookMs : idleLookMs, ...dueMs);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(lookMsMin, nextMs));
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
