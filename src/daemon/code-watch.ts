import { openApp } from '../app/open-app.ts';
import type { SweepLook } from '../coordinator/sweep.ts';
import type { Log } from './log.ts';

/** How often it is looked at, which takes a fetch of the target. Milliseconds. */
const everyMs = 30_000;

export interface CodePlace {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Ends reviews whose work was merged and puts landings right that were cut off, beside the daemon's rounds: a slow fetch must not
 * hold up a beat. With a book of its own, since a round may be at work on the daemon's.
 */
export class CodeWatch {
  readonly #log: Log;
  #nextMs = 0;
  #looking = false;
  /** How many landings there were when all of them were there. */
  #seen = 0;
  #problem = '';

  constructor(log: Log) {
    this.#log = log;
  }

  /** Begins a look if it is time for one, and something to look at. */
  look(place: CodePlace, { reviews, landings }: SweepLook['code'], nowMs: number): void {
    if (this.#looking || nowMs < this.#nextMs || (reviews === 0 && landings === this.#seen)) return;
    this.#looking = true;
    this.#nextMs = nowMs + everyMs;
    void this.#look(place)
      .then((allThere) => {
        if (allThere) this.#seen = landings;
      })
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        this.#looking = false;
      });
  }

  /** Whether all that landed is there. */
  async #look({ cwd, env }: CodePlace): Promise<boolean> {
    const [{ endReviewsOn }, { lookAtLandingsOn }] = await Promise.all([
      import('../app/reviews-on-app.ts'),
      import('../app/landings-on-app.ts'),
    ]);
    const app = await openApp({ cwd, env, warn: () => {} });
    try {
      const merged = (await endReviewsOn(app, app.who)).filter(({ standing }) => standing === 'merged');
      if (merged.length > 0) this.#log.info(`merged, done: ${merged.map(({ id }) => id).join(', ')}`);
      const lost = await lookAtLandingsOn(app, app.who);
      for (const { id, standing, landed } of lost)
        this.#log.warn(`${id}: its landing on ${landed.ref} was cut off: ${standing}`);
      this.#problem = '';
      return lost.length === 0;
    } finally {
      await app.close();
    }
  }

  #report(error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    if (words !== this.#problem) this.#log.warn(`looking at reviews and landings: ${words}`);
    this.#problem = words;
  }
}
