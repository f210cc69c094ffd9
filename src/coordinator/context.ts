import type { AgentNote } from '../domain/agent.ts';
import type { QueuedEvent } from '../domain/event.ts';
import type { MeasuredWhat } from '../domain/metrics/count-line.ts';
import type { HeldLedger } from '../store/held-ledger.ts';
import type { EndedEntry, JsonLedger, PendingEntry } from '../store/json-ledger.ts';
import type { Observations } from '../store/observations.ts';
import type { RecordStore } from '../store/record-store.ts';

/** Time as the use-cases need it. No rule compares any of them with another machine's. */
export interface Clock {
  /** For people: ISO 8601, UTC. */
  wall(): string;
  /** Stands still in suspend: for observers. Milliseconds. */
  monoMs(): number;
  /** Goes on in suspend: for holders. Milliseconds since boot. */
  bootMs(): number;
  sleep(ms: number): Promise<void>;
}

/** What the remote was found to allow (protocol 5). */
export interface Profile {
  /** It was probed: a win needs no reading back. */
  readonly trusted: boolean;
  readonly atomic: boolean;
  readonly deletes: boolean;
  readonly nonFastForward: boolean;
}

/** What keeps `git log refs/claims/<task>` working in a clone whose book is elsewhere (protocol 1, "Mirror"). */
export interface Mirror {
  show(task: string, claimOid: string): Promise<void>;
  hide(task: string): Promise<void>;
}

/** What this clone last sent of an agent's record. */
export interface AgentEntry {
  readonly note: AgentNote;
  /** What the remote is known to show; null: nothing yet. */
  readonly oid: string | null;
  readonly sentBootMs: number;
  /** The remote was seen to hold this very record. */
  readonly settled: boolean;
  /** What it was registered with; absent: what the configuration says. */
  readonly capabilities?: readonly string[] | undefined;
}

/** Where an agent's chain of events ended when this clone last wrote or read it. */
export interface ChainTip {
  /** What the ref shows; null: there is none. */
  readonly value: string | null;
  /** The last event that could be read, whether or not the ref still shows it; null: none was ever seen. */
  readonly tip: string | null;
  readonly seq: number;
  readonly first: number;
}

/** Everything a use-case works with: time, randomness and the clone's own ledgers are arguments. */
export interface Context {
  readonly store: RecordStore;
  readonly held: HeldLedger;
  readonly ended: JsonLedger<EndedEntry>;
  readonly pending: JsonLedger<PendingEntry>;
  readonly agents: JsonLedger<AgentEntry>;
  /** By agent. */
  readonly chains: JsonLedger<ChainTip>;
  /** Events that wait to be pushed, in the order of their names. */
  readonly outbox: JsonLedger<QueuedEvent>;
  readonly observed: Observations;
  readonly clock: Clock;
  /** Names the boot in which `bootMs` counts. */
  readonly boot: string;
  readonly profile: Profile;
  readonly mirror: Mirror;
  /** What registration says of this machine and project. */
  readonly registration: Pick<AgentNote, 'host' | 'project' | 'capabilities' | 'limit'>;
  /** 0 <= x < 1 */
  random(): number;
  /** At least 128 bits, as text. */
  nonce(): string;
  /** How often a lease of this ttl is beaten. */
  intervalMs(ttlMs: number): number;
  /** Counts a push, for the host's budget. */
  pushed(): void;
  /** Counts what was done for the metrics: how it ended, how long it took in milliseconds, and how many it was. */
  measured(what: MeasuredWhat, result: string, ms: number, times?: number): void;
}

/** How long an unsettled push is sent again: the winner of a race may hold the lock and not have renamed yet. */
export const settleMs = 5000;
/** How often a decision is made anew on a fresh record before the book counts as too busy. */
export const decisionsMax = 12;
/** How often a read that doesn't fit is repeated before it is believed. */
export const fittingReadsMax = 3;
