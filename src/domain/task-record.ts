import { decideAdd } from './decide-edit.ts';
import type { Decision, Stamp } from './decision.ts';
import type { TaskInput } from './new-task.ts';
import type { Seen } from './seen.ts';
import type { Task, TaskState } from './task.ts';

/**
 * A task as it is taken from one book to another (docs/cli.md, "Export and import"): what somebody said of it, and what came
 * of it. Terms, logs, claims, reviews and landings stay behind: they name commits and tenures that are nowhere else.
 */

/** What an export begins with. */
export const exportFormat = { format: 'git-coord/tasks', v: 1 } as const;

/** What came of a task. */
export type TaskPast = {
  readonly [Key in 'state' | 'result' | 'error' | 'notes' | 'createdAt' | 'createdBy']?: Task[Key] | undefined;
};

export interface ImportedTask extends TaskInput {
  readonly needs: string[];
  readonly past?: TaskPast | undefined;
}

const recordKeys = [
  'id', 'title', 'description', 'type', 'priority', 'labels', 'needs', 'onNeedFailed', 'requires', 'workflow', 'payload',
  'timeoutMs', 'retryLimit', 'notBefore', 'state', 'result', 'error', 'notes', 'createdAt', 'createdBy',
] as const satisfies readonly (keyof Task)[]; // biome-ignore format: one list

export type TaskRecord = Pick<Task, (typeof recordKeys)[number]>;

/** One line of an export. */
export function taskRecord(task: Task): TaskRecord {
  return Object.fromEntries(recordKeys.map((key) => [key, task[key]])) as unknown as TaskRecord;
}

/** Older ones first: equal priorities go by creation. */
export const byCreation = (a: TaskRecord, b: TaskRecord): number =>
  a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1;

const finished: readonly (TaskState | undefined)[] = ['done', 'failed', 'cancelled'];

/**
 * A task with the past that it brings along. What nobody had finished is open: who held it holds nothing here, and a review is
 * of a branch of the other repository. What was finished begins as that, with a `repair`: no transition leads there without a
 * tenure, and a made-up one would count as somebody's work. What is there is left as it is.
 */
export function decideImport(seen: Seen, { past = {}, ...input }: ImportedTask, stamp: Stamp): Decision {
  const decision = decideAdd(seen, input, stamp);
  if (decision.kind !== 'write') return decision;
  const { state = 'open', result = null, ...rest } = past;
  const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const task = { ...decision.task, ...known };
  return finished.includes(state)
    ? { ...decision, op: 'repair', task: { ...task, state, result } }
    : { ...decision, task };
}
