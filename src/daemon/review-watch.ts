import { openApp } from '../app/open-app.ts';
import type { Log } from './log.ts';

/** How often reviews are looked at, which takes a fetch of their target. Milliseconds. */
const everyMs = 30_000;

export interface ReviewPlace {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Ends reviews whose work was merged, beside the daemon's rounds: a slow fetch must not hold up a beat. With a book of its own,
 * since a round may be at work on the daemon's.
 */
export class ReviewWatch {
  readonly #log: Log;
  #nextMs = 0;
  #looking = false;
  #problem = '';

  constructor(log: Log) {
    this.#log = log;
  }

  /** Begins a look if it is time for one. */
  look(place: ReviewPlace, nowMs: number): void {
    if (this.#looking || nowMs < this.#nextMs) return;
    this.#looking = true;
    this.#nextMs = nowMs + everyMs;
    void this.#look(place)
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        this.#looking = false;
      });
  }

  async #look({ cwd, env }: ReviewPlace): Promise<void> {
    const { endReviewsOn } = await import('../app/reviews-on-app.ts');
    const app = await openApp({ cwd, env, warn: () => {} });
    try {
      const merged = (await endReviewsOn(app, app.who)).filter(({ standing }) => standing === 'merged');
      if (merged.length > 0) this.#log.info(`merged, done: ${merged.map(({ id }) => id).join(', ')}`);
      this.#problem = '';
    } finally {
      await app.close();
    }
  }

  #report(error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    if (words !== this.#problem) this.#log.warn(`looking at reviews: ${words}`);
    this.#problem = words;
  }
}
