import type { Context } from './context.ts';

/** An agent that another may wait for. */
export interface Awaitable {
  readonly id: string;
  /** When its record says that it last began or ended something: only compared, whatever its clock says. */
  readonly news: string;
}

/** Since when an agent waits, and for whom it has waited in vain: among this clone's sightings (protocol 6). */
export class Patience {
  readonly #context: Context;
  readonly #all: string;
  readonly #waits: string;
  readonly #leftOut: string;

  constructor(context: Context, agent: string) {
    this.#context = context;
    this.#all = `assignment/${agent}/`;
    this.#waits = `${this.#all}waits/`;
    this.#leftOut = `${this.#all}left-out/`;
  }

  /** Notes that it waits, and for whom. Answers since when it does. */
  waitedMs(others: readonly Awaitable[]): number {
    this.#saw(this.#waits, 'waits');
    for (const { id, news } of others) this.#saw(this.#waits + id, news);
    this.#context.observed.save();
    return this.#ageMs(this.#waits, 'waits');
  }

  isLeftOut({ id, news }: Awaitable): boolean {
    return this.#ageMs(this.#leftOut + id, news) > 0;
  }

  leaveOut(others: readonly Awaitable[], patienceMs: number): void {
    for (const { id, news } of others)
      if (this.#ageMs(this.#waits + id, news) >= patienceMs) this.#saw(this.#leftOut + id, news);
    this.end();
  }

  end(): void {
    this.#forget(this.#waits);
  }

  forgetAll(): void {
    this.#forget(this.#all);
  }

  #saw(name: string, value: string): void {
    this.#context.observed.saw(name, value, Number.POSITIVE_INFINITY);
  }

  #ageMs(name: string, value: string): number {
    return this.#context.observed.ageMs(name, value, Number.POSITIVE_INFINITY);
  }

  #forget(below: string): void {
    this.#context.observed.keepOnly(new Set(), [below]);
    this.#context.observed.save();
  }
}
