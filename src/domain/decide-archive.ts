import type { TaskView } from './view.ts';

/** When finished tasks leave the board (protocol 10). Pure. */
export interface ArchivePolicy {
  /** All that may. */
  readonly all: boolean;
  /** So long after its last step a task goes. By the clocks of those who wrote: a matter of order, not of safety. */
  readonly afterMs: number;
  /** So many finished tasks stay on the board; of more the oldest go. */
  readonly above: number;
}

/**
 * Before this store has seen a task's end for so long nobody archives it: by then no delayed push that expects its absence, or
 * an older step, is under way any more. Milliseconds.
 */
export const sightedMsMin = 3_600_000;

type Archivable = Pick<TaskView, 'id' | 'state' | 'needs' | 'workflow' | 'updatedAt' | 'claim'>;

/**
 * The tasks that are to go, the oldest first: done or cancelled, seen so for long enough, of no workflow that goes on, and needed by
 * nothing unfinished.
 * @param sightedMs how long this store has seen the task's newest step
 */
export function dueForArchive(
  tasks: readonly Archivable[],
  sightedMs: (id: string) => number,
  nowMs: number,
  policy: ArchivePolicy,
): string[] {
  const finished = tasks.filter(isFinished);
  const others = tasks.filter((task) => !isFinished(task));
  const needed = new Set(others.flatMap(({ needs }) => needs));
  const goesOn = new Set(others.map(({ workflow }) => workflow).filter((workflow) => workflow !== null));
  const may = finished
    .filter(({ id, workflow }) => !needed.has(id) && (workflow === null || !goesOn.has(workflow)))
    .filter(({ id }) => sightedMs(id) >= sightedMsMin)
    .sort((a, b) => (a.updatedAt === b.updatedAt ? 0 : a.updatedAt < b.updatedAt ? -1 : 1));
  const surplus = finished.length - policy.above;
  return may
    .filter(({ updatedAt }, index) => policy.all || index < surplus || nowMs - Date.parse(updatedAt) >= policy.afterMs)
    .map(({ id }) => id);
}

/** A claim that stands on a finished task is to be cleared away first. */
export const isFinished = ({ state, claim }: Pick<Archivable, 'state' | 'claim'>): boolean =>
  (state === 'done' || state === 'cancelled') && claim === null;
