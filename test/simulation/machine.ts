import type { Context, Profile } from '../../src/coordinator/context.ts';
import { kindOf } from '../../src/coordinator/record-kinds.ts';
import { intervalMs } from '../../src/domain/lease-times.ts';
import { type Folder, memoryFolder } from '../../src/store/folder.ts';
import { heldLedger } from '../../src/store/held-ledger.ts';
import { jsonLedger } from '../../src/store/json-ledger.ts';
import { type Observations, observations } from '../../src/store/observations.ts';
import { recordStore } from '../../src/store/record-store.ts';
import { refLayout } from '../../src/store/ref-layout.ts';
import type { MemoryRemote } from '../../src/transport/memory.ts';
import type { Transport } from '../../src/transport/port.ts';
import type { Link, Network } from './network.ts';
import { MachineClock, Process, type World } from './world.ts';

/** What a mutation check breaks, from outside the product: what goes into the context, or between it and the network. */
export interface Mutation {
  readonly nonce?: (world: World) => string;
  /** Two machines may well show the same time. */
  readonly wall?: (world: World) => string;
  readonly transport?: (transport: Transport, remote: MemoryRemote) => Transport;
  readonly observed?: (observed: Observations) => Observations;
}

const profile: Profile = { trusted: true, atomic: true, deletes: true, nonFastForward: true };
const ledgers = ['held', 'ended', 'pending', 'agents', 'chains', 'outbox', 'observed'] as const;
export const layout = refLayout('refs/');

/** A machine with one clone: clocks, folders that outlive processes, one agent's names, a daemon. */
export class Machine {
  readonly name: string;
  readonly who: { readonly agent: string; readonly session: string };
  readonly ttlMs: number;
  readonly clock: MachineClock;
  readonly link: Link = { partitionedUntilMs: 0, flakyUntilMs: 0 };
  readonly processes = new Set<Process>();
  /** The process of the clone's daemon, while one runs. */
  daemon: Process | null = null;
  /** Owner processes that are gone, by pid. */
  readonly deadOwners = new Set<number>();
  readonly #world: World;
  readonly #network: Network;
  readonly #mutation: Mutation;
  readonly #folders = Object.fromEntries(ledgers.map((name) => [name, memoryFolder()])) as Record<
    (typeof ledgers)[number],
    Folder
  >;

  constructor(
    world: World,
    network: Network,
    mutation: Mutation,
    identity: { name: string; agent: string; session: string; ttlMs: number },
  ) {
    this.name = identity.name;
    this.who = { agent: identity.agent, session: identity.session };
    this.ttlMs = identity.ttlMs;
    this.clock = new MachineClock(world, 0.05);
    this.#world = world;
    this.#network = network;
    this.#mutation = mutation;
  }

  get boot(): string {
    return `boot-${this.name}-${this.clock.boots}`;
  }

  /** What the clone's ledger says, without a process that reads it. */
  get held() {
    return heldLedger(this.#folders.held);
  }

  /** Whether an attempt is written down as not yet settled. */
  hasPending(name: string): boolean {
    return this.#folders.pending.read(name) !== null;
  }

  start(stepsLeft?: number): { process: Process; context: Context } {
    const process = new Process(this.#world, this.clock, stepsLeft);
    this.processes.add(process);
    void process.ended.then(() => this.processes.delete(process));
    return { process, context: this.#context(process) };
  }

  /** Power off: all processes end at once. */
  crash(): void {
    for (const process of this.processes) process.kill();
  }

  #context(process: Process): Context {
    const world = this.#world;
    const folder = (name: (typeof ledgers)[number]): Folder => stepping(process, this.#folders[name]);
    const connection = this.#network.connect(process, this.link);
    const seen = observations(folder('observed'), this.boot, this.clock);
    const { nonce, wall, transport, observed } = this.#mutation;
    return {
      store: recordStore(
        transport ? transport(connection, this.#network.remote) : connection,
        layout,
        kindOf,
        world.decoded,
      ),
      held: heldLedger(folder('held')),
      ended: jsonLedger(folder('ended')),
      pending: jsonLedger(folder('pending')),
      agents: jsonLedger(folder('agents')),
      chains: jsonLedger(folder('chains')),
      outbox: jsonLedger(folder('outbox')),
      observed: observed ? observed(seen) : seen,
      clock: {
        wall: () => (wall ? wall(world) : this.clock.wall()),
        monoMs: () => this.clock.monoMs(),
        bootMs: () => this.clock.bootMs(),
        sleep: (ms) => process.sleep(ms),
      },
      boot: this.boot,
      profile,
      mirror: { show: async () => {}, hide: async () => {} },
      registration: { host: this.name, project: 'simulation', capabilities: [], limit: 3 },
      random: world.random,
      nonce: () => (nonce ? nonce(world) : letters(world, 22)),
      intervalMs,
      pushed: () => {},
      measured: () => {},
    };
  }
}

/** A folder whose every change is a step at which its process can die, before the change. */
function stepping(process: Process, folder: Folder): Folder {
  return {
    names: () => folder.names(),
    read: (name) => folder.read(name),
    write: (name, text) => {
      process.step();
      folder.write(name, text);
    },
    remove: (name) => {
      process.step();
      folder.remove(name);
    },
  };
}

function letters(world: World, count: number): string {
  let text = '';
  while (text.length < count) text += Math.floor(world.random() * 2 ** 40).toString(36);
  return text.slice(0, count);
}
