/**
 * Where the target was when it was last seen or moved from here, so that a worker needn't ask for it again at once. What is
 * decided on it is proved by the push: a target that has moved since refuses it.
 */
export class KnownTarget {
  #tip: string | null = null;
  #seenMs = 0;

  /** Its history is in the clone. */
  saw(tip: string): void {
    this.#tip = tip;
    this.#seenMs = performance.now();
  }

  /** Null: it wasn't seen for so long. */
  recent(msMax: number): string | null {
    return performance.now() - this.#seenMs <= msMax ? this.#tip : null;
  }

  forget(): void {
    this.#tip = null;
  }
}

/** About what a poll of a worker is: others land meanwhile, and then it is asked. */
export const knownMsMax = 2000;
