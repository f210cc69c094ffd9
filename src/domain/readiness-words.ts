import type { Blocker } from './readiness.ts';

/** A reason in words, for people. */
export function blockerText(blocker: Blocker): string {
  switch (blocker.why) {
    case 'state':
      return `is ${blocker.state}`;
    case 'need':
      return blocker.state === 'unknown'
        ? `needs ${blocker.id}, which doesn't exist`
        : `needs ${blocker.id} (${blocker.state}${blocker.isArchived ? ', archived' : ''})`;
    case 'paused':
      return 'is paused';
    case 'reserved':
      return `is reserved for ${blocker.agent}`;
    case 'backoff':
      return `waits ${Math.ceil(blocker.leftMs / 1000)} s before its next try`;
    case 'join':
      return 'is done by itself once all that it needs is';
    case 'external':
      return 'is claimed by name only';
    case 'held':
      return 'has a claim that its log does not know';
  }
}
