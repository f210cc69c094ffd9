/**
 * Virtual time: one true clock that nobody in the simulation can read, machines whose clocks are made from it, and
 * processes that can die between any two steps. Real asynchronous code runs on it, since between two events all
 * microtasks are let run out. Everything follows from the seed.
 */
import { rememberedHere } from '../../src/store/remembered.ts';

export type Random = () => number;

/** mulberry32 */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** More events than any history needs: one that never ends is a failure, not a hang. */
const eventsMax = 200_000;

export class World {
  readonly random: Random;
  /** Where a replay tells what happens. */
  trace: ((text: string) => void) | null = null;
  /** What was decoded once, for all machines: a commit never changes. */
  readonly decoded = rememberedHere();
  nowMs = 0;
  events = 0;
  #order = 0;
  readonly #queue: Event[] = [];
  #failure: Error | null = null;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.random() * values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }

  at(atMs: number, run: () => void): void {
    const queue = this.#queue;
    queue.push({ atMs: Math.max(atMs, this.nowMs), order: this.#order++, run });
    let child = queue.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#swapIfLater(parent, child)) break;
      child = parent;
    }
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  tell(text: () => string): void {
    this.trace?.(`${String(Math.round(this.nowMs)).padStart(7)} ${text()}`);
  }

  /** Stops the run with this failure, from wherever it was found. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** Runs events until the condition holds or the true clock reads `untilMs`. */
  async run(untilMs: number, done: () => boolean = () => false): Promise<void> {
    await drain();
    this.#check();
    while (!done()) {
      const next = this.#queue[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      this.nowMs = next.atMs;
      if (this.events++ > eventsMax) throw new Error('this history does not end');
      next.run();
      await drain();
      this.#check();
    }
    if (!done()) this.nowMs = Math.max(this.nowMs, untilMs);
  }

  #check(): void {
    if (this.#failure) throw this.#failure;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop();
    if (last === undefined || queue.length === 0) return;
    queue[0] = last;
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      const right = left + 1;
      const child = right < queue.length && this.#isLater(left, right) ? right : left;
      if (child >= queue.length || !this.#swapIfLater(parent, child)) return;
      parent = child;
    }
  }

  #isLater(a: number, b: number): boolean {
    const [one, other] = [this.#queue[a], this.#queue[b]];
    if (!one || !other) return false;
    return one.atMs > other.atMs || (one.atMs === other.atMs && one.order > other.order);
  }

  #swapIfLater(parent: number, child: number): boolean {
    const [one, other] = [this.#queue[parent], this.#queue[child]];
    if (!one || !other || !this.#isLater(parent, child)) return false;
    this.#queue[parent] = other;
    this.#queue[child] = one;
    return true;
  }
}

/** All microtasks have run when the next macrotask comes. */
const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A machine's clocks: own rate, own offsets, a wall clock that says anything. Suspend stops the monotonic one. */
export class MachineClock {
  readonly rate: number;
  readonly #monoOffsetMs: number;
  readonly #wallOffsetMs: number;
  readonly #world: World;
  boots = 1;
  #bootedAtMs: number;
  #suspendedMs = 0;
  #suspendedFromMs = 0;
  #suspendedUntilMs = 0;

  constructor(world: World, rateSpread: number) {
    this.#world = world;
    this.rate = 1 + world.between(-rateSpread, rateSpread);
    this.#monoOffsetMs = world.between(0, 1e7);
    this.#wallOffsetMs = world.between(-3e10, 3e10);
    this.#bootedAtMs = -world.between(0, 1e7);
  }

  wall(): string {
    return new Date(1.77e12 + this.#wallOffsetMs + this.#world.nowMs).toISOString();
  }

  monoMs(): number {
    const { nowMs } = this.#world;
    const sinceMs = Math.min(nowMs, this.#suspendedUntilMs) - this.#suspendedFromMs;
    const current = nowMs < this.#suspendedUntilMs ? sinceMs : 0;
    return this.#monoOffsetMs + (nowMs - this.#suspendedMs - current) * this.rate;
  }

  bootMs(): number {
    return (this.#world.nowMs - this.#bootedAtMs) * this.rate;
  }

  /** The first moment from `atMs` on at which this machine isn't suspended. */
  awakeAtMs(atMs: number): number {
    return atMs >= this.#suspendedFromMs && atMs < this.#suspendedUntilMs ? this.#suspendedUntilMs : atMs;
  }

  get suspended(): boolean {
    return this.#world.nowMs < this.#suspendedUntilMs;
  }

  suspend(forMs: number): void {
    this.#suspendedFromMs = this.#world.nowMs;
    this.#suspendedUntilMs = this.#world.nowMs + forMs;
    this.#world.at(this.#suspendedUntilMs, () => {
      this.#suspendedMs += forMs;
      this.#suspendedFromMs = this.#suspendedUntilMs = 0;
    });
  }

  reboot(): void {
    this.boots++;
    this.#bootedAtMs = this.#world.nowMs;
  }
}

/** Thrown where a process dies; whatever it would still do fails in the same way. */
export class Killed extends Error {}

/** A process: it dies when it is killed, or when its steps (requests, replies, file writes, sleeps) are used up. */
export class Process {
  readonly clock: MachineClock;
  readonly ended: Promise<void>;
  readonly #world: World;
  #alive = true;
  #stepsLeft: number;
  #end: () => void = () => {};

  constructor(world: World, clock: MachineClock, stepsLeft = Number.POSITIVE_INFINITY) {
    this.#world = world;
    this.clock = clock;
    this.#stepsLeft = stepsLeft;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
    this.#end();
  }

  /** @throws Killed when the process is dead, or dies here */
  step(): void {
    if (this.#alive && --this.#stepsLeft <= 0) this.kill();
    if (!this.#alive) throw new Killed();
  }

  /** Runs when this machine is awake, if the process still lives then. */
  wake(atMs: number, run: () => void): void {
    this.#world.at(this.clock.awakeAtMs(atMs), () => {
      if (this.clock.suspended) return this.wake(this.#world.nowMs, run);
      if (this.#alive && --this.#stepsLeft <= 0) this.kill();
      if (this.#alive) run();
    });
  }

  /** By the monotonic clock, as timers are. */
  sleep(ms: number): Promise<void> {
    this.step();
    const untilMs = this.clock.monoMs() + Math.max(ms, 1);
    return new Promise((resolve) => {
      const wait = (): void => {
        const leftMs = untilMs - this.clock.monoMs();
        if (leftMs <= 0.001) resolve();
        else this.wake(this.#world.nowMs + leftMs / this.clock.rate + 0.001, wait);
      };
      wait();
    });
  }
}
