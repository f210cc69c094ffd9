import type { App } from '../app/open-app.ts';
import { type Observations, observations } from '../store/observations.ts';

export interface OwnObservations extends Observations {
  /** Nobody has looked for a while: what the clone's other processes have seen since counts too. */
  catchUp(): void;
}

/**
 * What the page's looks have seen stand still, beside what the clone knew when they began. Kept in memory: they also look
 * at what the daemon saw a moment ago, which is good enough to show, and no sighting that a claim may be taken by.
 */
export function ownObservations({ context, observedByNow }: Pick<App, 'context' | 'observedByNow'>): OwnObservations {
  const own = observations(nowhere, 'dashboard', context.clock);
  let observed = observedByNow();
  return {
    ...own,
    catchUp: () => {
      observed = observedByNow();
    },
    ageMs: (ref, oid, gapMaxMs) => Math.max(own.ageMs(ref, oid, gapMaxMs), observed.ageMs(ref, oid, gapMaxMs)),
    save: () => {},
  };
}

const nowhere = { names: () => [], read: () => null, write: () => {}, remove: () => {} };
