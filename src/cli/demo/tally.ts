import type { TaskNote } from '../../domain/task.ts';
import { workerNames } from './plan.ts';

export interface TaskTally {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  /** Who finished it; null: nobody. */
  readonly by: string | null;
  readonly term: number;
}

export interface Tally {
  readonly tasks: readonly TaskTally[];
  readonly workers: readonly { readonly id: string; readonly done: readonly string[] }[];
  /** What must never be: a task finished again, or a term that two tenures share. */
  readonly duplicates: number;
}

/** Counts from the logs of the tasks, as the remote has them. */
export function tally(logs: ReadonlyMap<string, readonly TaskNote[]>): Tally {
  const tasks: TaskTally[] = [];
  let duplicates = 0;
  for (const [id, log] of logs) {
    const finished = log.filter(({ op }) => op === 'done');
    const terms = log.filter(({ op }) => op === 'claim' || op === 'take-over').map(({ task }) => task.term);
    duplicates += Math.max(0, finished.length - 1) + (terms.length - new Set(terms).size);
    const last = log.at(-1)?.task;
    const { title = '', state = 'missing', term = 0 } = last ?? {};
    tasks.push({ id, title, state, by: finished.at(-1)?.by ?? null, term });
  }
  const workers = workerNames.map((worker) => ({
    id: worker,
    done: tasks.filter(({ by }) => by === worker).map(({ id }) => id),
  }));
  return { tasks, workers, duplicates };
}
