import { circleThrough, type NeedsOf } from './needs.ts';
import type { Blocker } from './readiness.ts';
import { blockerText } from './readiness-words.ts';
import type { TaskView } from './view.ts';
import { waysOut } from './way-out.ts';

export interface BlockedReason {
  readonly text: string;
  /** What a person can type about it. */
  readonly next: readonly string[];
}

/** What only waits for its next try, or to be claimed by name, isn't blocked. */
const blocks: ReadonlySet<Blocker['why']> = new Set(['need', 'paused', 'reserved', 'held']);

export const isBlocked = (task: Pick<TaskView, 'state'>, blockers: readonly Blocker[]): boolean =>
  task.state === 'open' && blockers.some(({ why }) => blocks.has(why));

/** Why a task can't be begun until somebody, or something, has gone on; empty: it isn't blocked. */
export function blockedReasons(
  task: Pick<TaskView, 'id' | 'state' | 'needs'>,
  blockers: readonly Blocker[],
  needsOf: NeedsOf,
): BlockedReason[] {
  if (task.state !== 'open') return [];
  const circle = circleThrough(task.id, task.needs, needsOf);
  const [, need = ''] = circle ?? [];
  const round = circle && {
    text: `needs itself: ${circle.join(' needs ')}`,
    next: [`git coord dep rm ${task.id} ${need}`],
  };
  const found = blockers.filter(({ why }) => blocks.has(why));
  return [...(round ? [round] : []), ...found.map((one) => ({ text: blockerText(one), next: waysOut(task.id, one) }))];
}
