import { queueOrder } from './readiness.ts';
import type { Who } from './seen.ts';
import type { Task } from './task.ts';

/**
 * In which order an agent tries what it could take. Many agents that look at once must not meet on one task, yet none may
 * pass over a higher priority for that: each has an order of its own among tasks of one priority, and only there.
 *
 *   tasks of one priority, the oldest 64    spread: by a hash of agent, session and task
 *   of one priority, younger                after these, as they were created
 *   of different priority                   the higher first, for everybody
 */
type Queued = Pick<Task, 'id' | 'priority' | 'createdAt'>;

/** How many of the oldest of one priority are spread over the agents: the order of creation still counts. */
export const spreadMax = 64;

export function orderFor<T extends Queued>(who: Who, tasks: readonly T[]): T[] {
  const groups = new Map<number, T[]>();
  for (const task of [...tasks].sort(queueOrder)) {
    const group = groups.get(task.priority);
    if (group) group.push(task);
    else groups.set(task.priority, [task]);
  }
  return [...groups.values()].flatMap((group) => spread(who, group));
}

/** Each agent has an order of its own, so that those who lost one race don't meet again at the next. */
function spread<T extends Queued>({ agent, session }: Who, group: readonly T[]): T[] {
  const ranked = group.slice(0, spreadMax).map((task) => ({ task, rank: hash(`${agent}/${session}/${task.id}`) }));
  ranked.sort((a, b) => a.rank - b.rank);
  return [...ranked.map(({ task }) => task), ...group.slice(spreadMax)];
}

/**
 * FNV-1a, 32 bits, then the last step of MurmurHash3: without it ids that differ in their last letter alone come in the
 * same order for agents whose names do, and those who met at the first task meet at all others too.
 */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (const letter of text) sum = Math.imul(sum ^ letter.charCodeAt(0), 0x01000193);
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35);
  return (sum ^ (sum >>> 16)) >>> 0;
}

/** About what a push takes on a near remote. */
const slotMs = 50;
const slotsMax = 16;

/**
 * How long to stay away before the next look after so many races lost in a row: those who met once must not meet again.
 * `random`: 0 <= x < 1. Milliseconds, at most 800.
 */
export function pauseMsAfterLoss(losses: number, random: number): number {
  return Math.round(slotMs * Math.min(slotsMax, 2 ** Math.min(30, losses - 1)) * random);
}
