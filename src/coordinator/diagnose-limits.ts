import type { Origin } from '../config/config.ts';
import type { HostProfile } from '../config/hosts.ts';
import type { Timings } from '../config/timings.ts';
import { bad, type Finding, good } from './diagnose.ts';

export interface LimitFacts {
  readonly host: HostProfile | null;
  readonly timings: Pick<Timings, 'heartbeatIntervalMs'>;
  /** By the key as `.coord.yml` has it. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Of this clone, in the last minute. */
  readonly pushes: number;
}

const minuteMs = 60_000;
const keys = [
  { key: 'coordination.claim_ttl', inGit: 'coord.claimTtl', inEnvironment: 'COORD_CLAIM_TTL' },
  {
    key: 'coordination.heartbeat_interval',
    inGit: 'coord.heartbeatInterval',
    inEnvironment: 'COORD_HEARTBEAT_INTERVAL',
  },
];

/** Whether what is configured, or was pushed, fits what the host allows a repository. */
export function checkLimits({ host, timings, origins, pushes }: LimitFacts): Finding {
  const limit = host?.pushesPerMinute ?? null;
  if (host === null || limit === null) return good('limits', `${pushesText(pushes)}; no limit of the host is known`);
  const most = `${host.name} recommends at most ${limit} a minute for a repository`;
  const beats = minuteMs / timings.heartbeatIntervalMs;
  if (beats > limit)
    return bad(
      'limits',
      `a clone that holds something beats ${Math.round(beats)} times a minute; ${most}`,
      backToAuto(origins),
      null,
    );
  if (pushes > limit)
    return bad('limits', `${pushesText(pushes)}; ${most}`, 'wait a minute, and have fewer agents push there', null);
  return good('limits', `${pushesText(pushes)}; ${most}`);
}

const pushesText = (pushes: number): string => `${pushes} pushes in the last minute`;

/** `auto` follows the host. */
function backToAuto(origins: LimitFacts['origins']): string {
  const commands = keys.flatMap(({ key, inGit, inEnvironment }) => {
    const layer = origins.get(key)?.layer ?? 'default';
    if (layer === 'default') return [];
    return [layer === 'environment' ? `unset ${inEnvironment}` : `git config ${inGit} auto`];
  });
  return commands.join(' && ');
}
