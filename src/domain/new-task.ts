import type { Stamp } from './decision.ts';
import type { Task } from './task.ts';

/** What a person says of a new task; the rest follows. */
export type TaskInput = Partial<
  Pick<
    Task,
    | 'description' | 'type' | 'priority' | 'labels' | 'needs' | 'requires' | 'payload' | 'timeoutMs' | 'retryLimit'
    | 'notBefore' | 'onNeedFailed' | 'workflow'
  >
> & Pick<Task, 'id' | 'title'>; // biome-ignore format: one list

export const taskDefaults = { type: 'task', timeoutMs: 30 * 60_000, retryLimit: 3 } as const;

/** An open task without a past. */
export function newTask(input: TaskInput, stamp: Stamp): Task {
  return {
    description: '',
    type: taskDefaults.type,
    priority: 0,
    labels: [],
    needs: [],
    onNeedFailed: 'block',
    requires: [],
    workflow: null,
    payload: null,
    timeoutMs: taskDefaults.timeoutMs,
    retryLimit: taskDefaults.retryLimit,
    notBefore: null,
    ...input,
    state: 'open',
    term: 0,
    attempts: 0,
    backoffMs: 0,
    assignee: null,
    reserved: null,
    paused: false,
    holder: null,
    progress: null,
    notes: [],
    result: null,
    error: null,
    review: null,
    landed: null,
    createdAt: stamp.at,
    createdBy: stamp.by,
  };
}
