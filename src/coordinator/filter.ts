import type { TaskState } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';

/** Which tasks somebody means. What is absent, or an empty list, chooses all. */
export interface Filter {
  readonly state?: readonly string[] | undefined;
  readonly type?: readonly string[] | undefined;
  readonly label?: readonly string[] | undefined;
  readonly workflow?: string | undefined;
  readonly agent?: string | undefined;
  readonly mine?: boolean | undefined;
  readonly limit?: number | undefined;
}

/** Whether a task is among those that a filter chooses. */
export function isChosen(task: TaskView, filter: Filter): boolean {
  const { state, agent, mine } = filter;
  if (state !== undefined && state.length > 0 && !state.includes(task.state satisfies TaskState)) return false;
  if (agent !== undefined && task.claim?.agent !== agent && task.assignee !== agent) return false;
  if (mine === true && task.claim?.mine !== true) return false;
  return isOfKind(task, filter);
}

/** The same, of what a task is alone: not who holds it, nor how far it is. */
export function isOfKind(task: TaskView, { type, label, workflow }: Filter): boolean {
  if (type !== undefined && type.length > 0 && !type.includes(task.type)) return false;
  if (workflow !== undefined && task.workflow !== workflow) return false;
  return (label ?? []).every((one) => task.labels.includes(one));
}
