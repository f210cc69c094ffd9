import type { LocalChanges } from '../app/local-changes.ts';
import { CoordError } from '../errors.ts';
import { type Board, boardOf } from './board.ts';
import type { Feed } from './feed.ts';
import type { Looker } from './look.ts';
import { shownText } from './shown-text.ts';

export interface RefresherOptions {
  readonly looker: Pick<Looker, 'look' | 'isBehind' | 'catchUp' | 'forgetEvents'>;
  readonly feed: Feed;
  readonly openChanges: () => LocalChanges;
  readonly pollIntervalMs: number;
}

/** Between two looks it rests so many times the processor's time that the last one took: what it costs is bounded, whatever happens. */
const restShare = 12;
const restMs = { min: 250, max: 650 };
/** Without a page for longer, what happened meanwhile isn't told step by step. */
const followMs = 60_000;

/**
 * One for all pages: it looks when something changed in this clone, and every poll interval, while a page is connected. With
 * none it rests; a page that comes is shown a fresh look.
 */
export class Refresher {
  readonly #options: RefresherOptions;
  #pages = 0;
  #running: Promise<void> | null = null;
  #changes: LocalChanges | null = null;
  #first: Promise<void> = Promise.resolve();
  #restedMs = Number.NEGATIVE_INFINITY;
  #awaySinceMs: number | null = null;
  #broken: (error: unknown) => void = () => {};
  /** Rejects with a defect: nothing else ends a look for good. */
  readonly broken = new Promise<never>((_, reject) => {
    this.#broken = reject;
  });

  constructor(options: RefresherOptions) {
    this.#options = options;
  }

  get pages(): number {
    return this.#pages;
  }

  /** A page has come: it looks until the page has left. Resolves once the feed shows a look of now. */
  async enter(): Promise<void> {
    this.#pages++;
    if (this.#running === null) {
      this.#options.looker.catchUp();
      if (performance.now() - this.#restedMs > followMs) this.#options.looker.forgetEvents();
      this.#first = this.#look(true);
      this.#running = this.#run().catch((error: unknown) => this.#broken(error));
    }
    await this.#first.catch(() => {});
  }

  leave(): void {
    this.#pages--;
    if (this.#pages === 0) this.#changes?.wake();
  }

  /** Something was done through this server: whether or not the folder is watched, it shows at once. */
  wake(): void {
    this.#changes?.wake();
  }

  async close(): Promise<void> {
    this.#pages = Number.NEGATIVE_INFINITY;
    this.#changes?.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { openChanges, looker, pollIntervalMs } = this.#options;
    const changes = openChanges();
    this.#changes = changes;
    try {
      let used = process.cpuUsage();
      let askAtMs = performance.now() + pollIntervalMs;
      await this.#first;
      while (this.#pages > 0) {
        await rest(restAfter(process.cpuUsage(used)));
        const why = looker.isBehind ? 'changed' : await changes.pause(askAtMs - performance.now());
        if (this.#pages <= 0) break;
        const nowMs = performance.now();
        const asks = nowMs >= askAtMs || why === 'passed';
        if (asks) askAtMs = nowMs + pollIntervalMs;
        used = process.cpuUsage();
        await this.#look(asks);
      }
    } finally {
      changes.close();
      this.#changes = null;
      this.#running = null;
      this.#restedMs = performance.now();
    }
  }

  async #look(asks: boolean): Promise<void> {
    const { looker, feed } = this.#options;
    try {
      // with the remote away what is shown would not say that it is old
      const rows = await looker.look(asks || this.#awaySinceMs !== null);
      this.#awaySinceMs = null;
      feed.publish(boardOf(rows));
    } catch (error) {
      if (!(error instanceof CoordError)) throw error;
      this.#awaySinceMs ??= Date.now();
      feed.publish(awayBoard(feed.board, { sinceMs: this.#awaySinceMs, message: shownText(error.message) }));
    }
  }
}

const restAfter = ({ user, system }: NodeJS.CpuUsage): number =>
  Math.min(restMs.max, Math.max(restMs.min, (restShare * (user + system)) / 1000));

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What was last shown, marked. */
function awayBoard(board: Board, away: { readonly sinceMs: number; readonly message: string }): Board {
  const facts = new Map(board.get('facts'));
  const book = JSON.parse(facts.get('book') ?? '{"key":"book"}') as object;
  facts.set('book', JSON.stringify({ ...book, away }));
  return new Map([...board, ['facts', facts]]);
}
