import { intervalMs as autoIntervalMs, graceMs, marginMs } from '../domain/lease-times.ts';
import { CoordError } from '../errors.ts';
import type { Config } from './config.ts';
import { formatDuration } from './durations.ts';
import { type HostProfile, isPushLimited } from './hosts.ts';

/** The times of one lease, derived from its ttl (protocol 6). */
export interface LeaseTimings {
  readonly ttlMs: number;
  readonly heartbeatIntervalMs: number;
  /** A holder trusts its lease until this long before the ttl has passed. */
  readonly marginMs: number;
  /** An observer waits this much longer than the ttl. */
  readonly graceMs: number;
}

export interface Timings extends LeaseTimings {
  readonly pollIntervalMs: number;
}

const ttlMsPrivate = 20_000;
const ttlMsLimitedHost = 5 * 60_000;
const ttlMsNoDaemon = 30 * 60_000;
const pollMs = 2000;
const pollMsLimitedHost = 30_000;

/** Where the interval between two beats of a lease may lie: T/8 to T/3. */
export function intervalRangeMs(ttlMs: number): { minMs: number; maxMs: number } {
  return { minMs: ttlMs / 8, maxMs: ttlMs / 3 };
}

/**
 * The times of a lease of this ttl. A configured interval was chosen for the configured ttl: for another one (`--ttl`) the
 * nearest allowed is taken.
 */
export function leaseTimings(ttlMs: number, intervalMs: number | 'auto' = 'auto'): LeaseTimings {
  const { minMs, maxMs } = intervalRangeMs(ttlMs);
  const heartbeatIntervalMs =
    intervalMs === 'auto' ? autoIntervalMs(ttlMs) : Math.round(Math.min(Math.max(intervalMs, minMs), maxMs));
  return { ttlMs, heartbeatIntervalMs, marginMs: marginMs(ttlMs), graceMs: graceMs(ttlMs) };
}

/** What the durations follow from. `host` is null in the embedded mode. */
export interface TimingFacts {
  readonly host: HostProfile | null;
  readonly daemon: boolean;
}

/**
 * Replaces `auto`: ttl 30 min without a daemon, else 5 min on a host that limits pushes, else 20 s.
 * @throws CoordError `config` when the configured interval doesn't fit the ttl
 */
export function resolveTimings(coordination: Config['coordination'], facts: TimingFacts): Timings {
  const limited = facts.host !== null && isPushLimited(facts.host);
  const autoTtlMs = !facts.daemon ? ttlMsNoDaemon : limited ? ttlMsLimitedHost : ttlMsPrivate;
  const ttlMs = coordination.claimTtlMs === 'auto' ? autoTtlMs : coordination.claimTtlMs;
  const interval = coordination.heartbeatIntervalMs;
  const { minMs, maxMs } = intervalRangeMs(ttlMs);
  // without a daemon nobody beats
  if (facts.daemon && interval !== 'auto' && (interval < minMs || interval > maxMs))
    throw new CoordError(
      'config',
      `heartbeat_interval is ${formatDuration(interval)}, but with a claim_ttl of ${formatDuration(ttlMs)} it must lie between ${formatDuration(minMs)} and ${formatDuration(maxMs)}`,
      { hint: 'Set claim_ttl as well, or leave heartbeat_interval at auto.' },
    );
  const autoPollMs = limited ? pollMsLimitedHost : pollMs;
  const pollIntervalMs = coordination.pollIntervalMs === 'auto' ? autoPollMs : coordination.pollIntervalMs;
  return { ...leaseTimings(ttlMs, interval), pollIntervalMs };
}
