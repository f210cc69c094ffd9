import type { Context } from '../coordinator/context.ts';
import { type Observations, observations } from '../store/observations.ts';

/**
 * What the page's looks have seen stand still, beside what the clone knew when the server began. Kept in memory: they also look
 * at what the daemon saw a moment ago, which is good enough to show, and no sighting that a claim may be taken by.
 */
export function ownObservations({ observed, clock }: Pick<Context, 'observed' | 'clock'>): Observations {
  const own = observations(nowhere, 'dashboard', clock);
  return {
    ...own,
    ageMs: (ref, oid, gapMaxMs) => Math.max(own.ageMs(ref, oid, gapMaxMs), observed.ageMs(ref, oid, gapMaxMs)),
    save: () => {},
  };
}

const nowhere = { names: () => [], read: () => null, write: () => {}, remove: () => {} };
