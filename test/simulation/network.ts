import { CoordError } from '../../src/errors.ts';
import type { MemoryRemote } from '../../src/transport/memory.ts';
import type {
  CommitObject,
  Oid,
  RefAnswer,
  RefUpdate,
  SwapOptions,
  SwapReport,
  Transport,
  Unreadable,
} from '../../src/transport/port.ts';
import type { Process, World } from './world.ts';

/** The network between a process and the server, and all that can go wrong there. */
export const networkFaults = [
  'lost-request',
  'lost-reply',
  'late-reply',
  'late-delivery',
  'doubled-delivery',
  'server-died',
  'torn-read',
] as const;
export const machineFaults = ['partition', 'suspend', 'reboot', 'command-crash', 'daemon-crash'] as const;
export type Fault = (typeof networkFaults)[number] | (typeof machineFaults)[number];

export interface Link {
  partitionedUntilMs: number;
  /** Faults seldom come alone. */
  flakyUntilMs: number;
}

/** A ref that moved on the server, in the order in which refs moved. */
export interface Move {
  readonly ref: string;
  readonly from: Oid | null;
  readonly to: Oid | null;
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** What is hardest on the protocol comes more often. */
const pushFaults = [...networkFaults.filter((one) => one !== 'torn-read'), 'server-died', 'late-delivery'] as const;
const clientTimeoutMs = 1500;
const lateMaxMs = 30_000;
const flakyFaultRate = 0.5;

export class Network {
  /** Probability that a request meets a fault. */
  faultRate: number;
  /** Deliveries that are still to come. */
  inFlight = 0;
  readonly #world: World;
  readonly remote: MemoryRemote;
  readonly #count: (fault: Fault) => void;
  readonly #moved: (moves: readonly Move[], updates: readonly RefUpdate[], atomic: boolean) => void;
  /** Commits don't change, so each is parsed once. */
  readonly #commits = new Map<Oid, CommitObject | Unreadable>();

  constructor(
    world: World,
    remote: MemoryRemote,
    faultRate: number,
    count: (fault: Fault) => void,
    moved: (moves: readonly Move[], updates: readonly RefUpdate[], atomic: boolean) => void,
  ) {
    this.#world = world;
    this.remote = remote;
    this.faultRate = faultRate;
    this.#count = count;
    this.#moved = moved;
  }

  connect(process: Process, link: Link): Transport {
    return {
      objectFormat: this.remote.objectFormat,
      list: (patterns) => this.#list(process, link, patterns),
      values: async (refs) => (await this.#list(process, link, refs)).refs,
      read: async (oids) => {
        process.step();
        return new Map(oids.map((oid) => [oid, this.#commit(oid)]));
      },
      trees: async (oids) => this.remote.treesNow(oids),
      compareAndSwap: (updates, options) => this.#swap(process, link, updates, options),
      close: async () => {},
    };
  }

  #commit(oid: Oid): CommitObject | Unreadable {
    let commit = this.#commits.get(oid);
    if (commit === undefined) {
      commit = this.remote.readNow([oid]).get(oid) ?? { unreadable: 'missing' };
      this.#commits.set(oid, commit);
    }
    return commit;
  }

  #delayMs(): number {
    return this.#world.between(2, 60);
  }

  #faultOf(link: Link, faults: readonly Fault[]): Fault | null {
    const flaky = this.faultRate > 0 && this.#world.nowMs < link.flakyUntilMs;
    if (!this.#world.chance(flaky ? flakyFaultRate : this.faultRate)) return null;
    if (!flaky && this.#world.chance(0.3)) link.flakyUntilMs = this.#world.nowMs + this.#world.between(500, 9000);
    const fault = this.#world.pick(faults);
    this.#count(fault);
    return fault;
  }

  #list(process: Process, link: Link, patterns: readonly string[]) {
    process.step();
    const { promise, resolve, reject } = deferred<Awaited<ReturnType<Transport['list']>>>();
    const fail = (): void => reject(new CoordError('unavailable', 'the remote could not be reached'));
    if (this.#isCut(link)) {
      process.wake(this.#world.nowMs + 100, fail);
      return promise;
    }
    const fault = this.#faultOf(link, ['lost-request', 'lost-reply', 'late-reply', 'torn-read', 'torn-read']);
    if (fault === 'lost-request' || fault === 'lost-reply') {
      process.wake(this.#world.nowMs + clientTimeoutMs, fail);
      return promise;
    }
    const answer = (refs: Map<string, Oid>): void =>
      this.#reply(process, link, fault, () => resolve({ refs, wentBack: new Set() }), fail);
    this.#world.after(this.#delayMs(), () => {
      const refs = this.remote.listNow(patterns);
      if (fault !== 'torn-read') return answer(refs);
      // The server lists ref by ref, in order: what comes after the cut is read a moment later.
      const cut = this.#world.pick([...refs.keys(), patterns[0] ?? '']);
      this.#world.after(this.#delayMs() * 4, () => {
        const later = [...this.remote.listNow(patterns)].filter(([ref]) => ref > cut);
        answer(new Map([...[...refs].filter(([ref]) => ref <= cut), ...later]));
      });
    });
    return promise;
  }

  #swap(process: Process, link: Link, updates: readonly RefUpdate[], options: SwapOptions): Promise<SwapReport> {
    process.step();
    const { promise, resolve } = deferred<SwapReport>();
    const all = (answer: RefAnswer) => (): void =>
      resolve({ answers: new Map(updates.map(({ ref }) => [ref, answer])), message: answer, locks: [] });
    if (this.#isCut(link)) {
      process.wake(this.#world.nowMs + 100, all('unsent'));
      return promise;
    }
    const fault = this.#faultOf(link, pushFaults);
    if (fault === 'lost-request' || fault === 'late-delivery')
      process.wake(this.#world.nowMs + clientTimeoutMs, all('unknown'));
    if (fault === 'lost-request') return promise;
    const arrivesMs = fault === 'late-delivery' ? this.#world.between(clientTimeoutMs, lateMaxMs) : this.#delayMs();
    this.#deliver(arrivesMs, () => {
      const stopAfter = fault === 'server-died' ? Math.ceil(this.#world.random() * (updates.length - 1)) : undefined;
      const report = this.#apply(updates, options, stopAfter);
      if (fault === 'late-delivery') return;
      if (fault === 'lost-reply' || fault === 'server-died')
        process.wake(this.#world.nowMs + clientTimeoutMs, all('unknown'));
      else this.#reply(process, link, fault, () => resolve(report), all('unknown'));
    });
    if (fault === 'doubled-delivery')
      this.#deliver(arrivesMs + this.#world.between(1, lateMaxMs), () => this.#apply(updates, options, undefined));
    return promise;
  }

  #deliver(afterMs: number, run: () => void): void {
    this.inFlight++;
    this.#world.after(afterMs, () => {
      this.inFlight--;
      run();
    });
  }

  #reply(process: Process, link: Link, fault: Fault | null, arrive: () => void, lost: () => void): void {
    const delayMs = fault === 'late-reply' ? this.#world.between(500, 8000) : this.#delayMs();
    const isCut = this.#isCut(link);
    process.wake(this.#world.nowMs + (isCut ? clientTimeoutMs : delayMs), isCut ? lost : arrive);
  }

  #isCut(link: Link): boolean {
    return this.#world.nowMs < link.partitionedUntilMs;
  }

  #apply(updates: readonly RefUpdate[], options: SwapOptions, stopAfter: number | undefined): SwapReport {
    const tipOf = (ref: string): Oid | null => this.remote.refs.get(ref) ?? null;
    const before = new Map(updates.map(({ ref }) => [ref, tipOf(ref)]));
    const report = this.remote.swapNow(updates, options, stopAfter === undefined ? {} : { stopAfter });
    const moves = updates.flatMap(({ ref }) => {
      const [from, to] = [before.get(ref) ?? null, tipOf(ref)];
      return from === to ? [] : [{ ref, from, to }];
    });
    if (moves.length > 0) this.#moved(moves, updates, options.atomic);
    return report;
  }
}
