import type { Blocker } from './readiness.ts';

/** What a person can type so that a task is no longer kept from beginning; empty: it is a matter of time. */
export function waysOut(id: string, blocker: Blocker): string[] {
  switch (blocker.why) {
    case 'need':
      if (blocker.isArchived) return [`git coord dep rm ${id} ${blocker.id}`];
      if (blocker.state === 'unknown')
        return [`git coord add "…" --id ${blocker.id}`, `git coord dep rm ${id} ${blocker.id}`];
      if (blocker.state === 'failed' || blocker.state === 'cancelled')
        return [`git coord retry ${blocker.id}`, `git coord dep rm ${id} ${blocker.id}`];
      return [];
    case 'paused':
      return ['git coord resume'];
    case 'held':
      return ['git coord sweep'];
    default:
      return [];
  }
}
