/** What is at work. Calls that write go one after the other, as in a shell; looks wait for nobody. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  readonly #working = new Set<Promise<unknown>>();

  run<T>(writes: boolean, work: () => Promise<T>): Promise<T> {
    const call = writes ? this.#last.then(work) : work();
    const ended = call.then(
      () => {},
      () => {},
    );
    if (writes) this.#last = ended;
    this.#working.add(ended);
    ended.then(() => this.#working.delete(ended));
    return call;
  }

  /** Resolves when nothing is at work any more, and what came of it has been sent. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) {
      await Promise.all(this.#working);
      await new Promise(setImmediate);
    }
  }
}
