import { joinType } from './decide-join.ts';
import type { Json, TaskState } from './task.ts';
import type { TaskView } from './view.ts';

/**
 * A workflow as its tasks show it; it has no record of its own.
 *
 *   running    something of it may still be done
 *   failed     one has failed, or waits for what never comes, and nothing of it goes on by itself
 *   cancelled  somebody has cancelled a part of it
 *   done       all are done; some may have been skipped, because a need of theirs failed or was cancelled
 */
export type WorkflowState = 'running' | 'done' | 'failed' | 'cancelled';

export interface WorkflowView {
  readonly id: string;
  readonly state: WorkflowState;
  readonly counts: Readonly<Partial<Record<TaskState, number>>>;
  readonly tasks: readonly TaskView[];
  /** Of what is done and nobody of the workflow needs: a join's has the results of all that it needs. */
  readonly results: Readonly<Record<string, Json>>;
}

export function workflowView(id: string, tasks: readonly TaskView[], all: readonly TaskView[]): WorkflowView {
  const byId = new Map(all.map((task) => [task.id, task]));
  const counts: Partial<Record<TaskState, number>> = {};
  for (const { state } of tasks) counts[state] = (counts[state] ?? 0) + 1;
  const needed = new Set(tasks.flatMap(({ needs }) => needs));
  const ends = tasks.filter((task) => task.state === 'done' && !needed.has(task.id));
  const results = Object.fromEntries(ends.map((task) => [task.id, resultOf(task, byId)]));
  return { id, state: stateOf(tasks, byId), counts, tasks, results };
}

function stateOf(tasks: readonly TaskView[], byId: ReadonlyMap<string, TaskView>): WorkflowState {
  const stuck = stuckIn(byId);
  if (tasks.some((task) => isUnfinished(task) && !stuck(task.id))) return 'running';
  if (tasks.some(({ state }) => state === 'failed') || tasks.some(isUnfinished)) return 'failed';
  return tasks.some(({ state, error }) => state === 'cancelled' && error?.code !== 'need-failed')
    ? 'cancelled'
    : 'done';
}

const isUnfinished = ({ state }: TaskView): boolean => state === 'open' || state === 'claimed' || state === 'review';

/** Whether an open task waits for what can't come to be unless somebody does something about it. */
function stuckIn(byId: ReadonlyMap<string, TaskView>): (id: string) => boolean {
  const known = new Map<string, boolean>();
  const order: string[] = [];
  // each task after what it needs, so that no chain is too long to follow
  for (const root of byId.keys()) {
    const stack = [root];
    for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
      const wanted = (byId.get(id)?.needs ?? []).filter((need) => byId.has(need) && !known.has(need));
      known.set(id, known.get(id) ?? false);
      if (wanted.length > 0) stack.push(...wanted);
      else {
        stack.pop();
        order.push(id);
      }
    }
  }
  for (const id of order) {
    const task = byId.get(id);
    if (task?.state !== 'open') continue;
    const dead = (need: string) => deadFor(task, byId.get(need)) || known.get(need) === true;
    known.set(id, task.needs.some(dead));
  }
  return (id) => known.get(id) === true;
}

/** One that was cancelled is as good as done for a join; a task that is skipped then isn't stuck. */
function deadFor(task: TaskView, need: TaskView | undefined): boolean {
  if (need === undefined) return true;
  if (task.onNeedFailed === 'skip') return false;
  return need.state === 'failed' || (need.state === 'cancelled' && task.type !== joinType);
}

/** What a task gave; a join: what each that it needs gave. */
export function resultOf(task: TaskView, byId: ReadonlyMap<string, TaskView>): Json {
  if (task.type !== joinType) return task.result;
  const needs = task.needs.flatMap((id) => byId.get(id) ?? []);
  return Object.fromEntries(needs.filter(({ state }) => state === 'done').map((need) => [need.id, need.result]));
}

/** All workflows that tasks name, in the order of their ids. */
export function workflowsIn(all: readonly TaskView[]): WorkflowView[] {
  const groups = new Map<string, TaskView[]>();
  for (const task of all) {
    if (task.workflow === null) continue;
    const group = groups.get(task.workflow) ?? [];
    group.push(task);
    groups.set(task.workflow, group);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, tasks]) => workflowView(id, tasks, all));
}
