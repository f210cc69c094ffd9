import { CoordError } from '../../errors.ts';

export interface Progress {
  readonly text: string;
  readonly percent: number | null;
}

/**
 * Brings news to the claim, one push at a time and not too often: of what comes meanwhile the newest counts. News that can't
 * be told is not worth a failure: the next one is tried.
 */
export class ProgressReporter {
  readonly #tell: (progress: Progress) => Promise<void>;
  readonly #apartMs: number;
  #next: Progress | null = null;
  #running: Promise<void> | null = null;
  #ended = false;

  /** `apartMs`: between the end of one and the beginning of the next. */
  constructor(tell: (progress: Progress) => Promise<void>, apartMs: number) {
    this.#tell = tell;
    this.#apartMs = apartMs;
  }

  say(progress: Progress): void {
    if (this.#ended) return;
    this.#next = progress;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Nothing is told any more when this has resolved. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#next = null;
    this.#wakeUp();
    await this.#running;
  }

  #wakeUp: () => void = () => {};

  async #run(): Promise<void> {
    while (this.#next !== null) {
      const progress = this.#next;
      this.#next = null;
      try {
        await this.#tell(progress);
      } catch (error) {
        // whoever watches the claim finds out whether it is lost
        if (!(error instanceof CoordError)) throw error;
      }
      if (!this.#ended) await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#apartMs);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
