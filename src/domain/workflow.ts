import { joinType } from './decide-join.ts';
import { isId } from './ids.ts';
import type { TaskInput } from './new-task.ts';
import type { Json } from './task.ts';

/** From a workflow as somebody wrote it to the tasks that it stands for (docs/cli.md, "Workflows"). Pure. */

type Scalar = string | number | boolean;

/** What a task, or the defaults of all, may say. Durations are milliseconds. */
export interface WorkflowFields {
  readonly type?: string | undefined;
  readonly priority?: number | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly requires?: readonly string[] | undefined;
  readonly timeoutMs?: number | undefined;
  readonly retryLimit?: number | undefined;
  readonly onNeedFailed?: 'block' | 'skip' | undefined;
}

export interface WorkflowTask extends WorkflowFields {
  readonly id: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly needs?: readonly string[] | undefined;
  readonly payload?: Json | undefined;
  /** One task for each item, for each combination of a matrix, or for each value of an input (`inputs.<name>`). */
  readonly forEach?: readonly Scalar[] | Readonly<Record<string, readonly Scalar[]>> | string | undefined;
  readonly join?: boolean | undefined;
}

export interface Workflow {
  /** Comes before the ids of its tasks; null: they are used as they are. */
  readonly id: string | null;
  readonly inputs: Readonly<Record<string, Scalar | readonly Scalar[]>>;
  readonly defaults: WorkflowFields;
  readonly tasks: readonly WorkflowTask[];
}

/** What is wrong, and with which of the tasks (an index). */
export interface WorkflowProblem {
  readonly task: number;
  readonly text: string;
}

export interface Expanded {
  readonly tasks: readonly (TaskInput & { readonly needs: string[] })[];
  /** For each of the tasks, the index of what it was written as. */
  readonly writtenAs: readonly number[];
  readonly problems: readonly WorkflowProblem[];
}

/** The values that stand for `{name}` in one instance, and what its id ends in. */
interface Instance {
  readonly values: Readonly<Record<string, Scalar>>;
  readonly suffix: string;
}

/** The tasks that a name among the needs stands for: all of what was written so, one of them, or one from elsewhere. */
type NeedsOf = (need: string) => readonly string[];

export const workflowTasksMax = 2000;

export function expandWorkflow(workflow: Workflow): Expanded {
  const problems: WorkflowProblem[] = [];
  let count = 0;
  const groups = workflow.tasks.map((task, index) => {
    count += countOf(task, workflow.inputs);
    const instances = count > workflowTasksMax ? [] : instancesOf(task, workflow.inputs);
    if (typeof instances === 'string') problems.push({ task: index, text: instances });
    for (const name of unknownNames(task, workflow.inputs))
      problems.push({ task: index, text: `{${name}} stands for nothing here` });
    const found = typeof instances === 'string' ? [] : instances;
    return found.map((instance) => ({ instance, id: fullId(workflow, task.id + instance.suffix) }));
  });
  if (count > workflowTasksMax)
    problems.push({ task: 0, text: `it stands for ${count} tasks; at most ${workflowTasksMax} go in one push` });
  const instancesById = new Map(
    workflow.tasks.map(({ id }, index) => [id, (groups[index] ?? []).map((one) => one.id)]),
  );
  const own = new Set([...instancesById.values()].flat());
  const needsOf: NeedsOf = (need) => {
    const full = fullId(workflow, need);
    return instancesById.get(need) ?? (own.has(full) ? [full] : [need]);
  };
  const tasks: (TaskInput & { needs: string[] })[] = [];
  const writtenAs: number[] = [];
  const madeBy = new Map<string, number>();
  for (const [index, task] of workflow.tasks.entries()) {
    for (const { instance, id } of groups[index] ?? []) {
      const first = madeBy.get(id);
      if (!isId(id)) problems.push({ task: index, text: `${JSON.stringify(id)} is no id` });
      else if (first !== undefined) problems.push({ task: index, text: `there are two tasks ${id}` });
      madeBy.set(id, first ?? index);
      tasks.push(taskOf(workflow, task, id, instance, needsOf));
      writtenAs.push(index);
    }
  }
  return { tasks, writtenAs, problems };
}

const fullId = ({ id }: Workflow, own: string): string => (id === null ? own : `${id}.${own}`);

/** Before they are made: a few lines may stand for more than there is memory for. */
function countOf({ forEach }: WorkflowTask, inputs: Workflow['inputs']): number {
  if (forEach === undefined) return 1;
  if (typeof forEach !== 'string')
    return isList(forEach) ? forEach.length : Object.values(forEach).reduce((all, { length }) => all * length, 1);
  const value = inputs[forEach.slice('inputs.'.length)];
  return Array.isArray(value) ? value.length : 1;
}

/** Words where it is wrong. */
function instancesOf({ forEach }: WorkflowTask, inputs: Workflow['inputs']): readonly Instance[] | string {
  if (forEach === undefined) return [{ values: {}, suffix: '' }];
  if (typeof forEach === 'string') {
    const name = /^inputs\.(.+)$/.exec(forEach)?.[1];
    const value = name !== undefined && Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (value === undefined) return `for_each: there is no input ${JSON.stringify(forEach)}`;
    return (Array.isArray(value) ? value : [value]).map(itemInstance);
  }
  if (isList(forEach)) return forEach.map(itemInstance);
  return Object.entries(forEach).reduce<readonly Instance[]>(
    (all, [name, choices]) =>
      all.flatMap(({ values, suffix }) =>
        choices.map((choice) => ({ values: { ...values, [name]: choice }, suffix: `${suffix}.${idPart(choice)}` })),
      ),
    [{ values: {}, suffix: '' }],
  );
}

const isList = (value: WorkflowTask['forEach']): value is readonly Scalar[] => Array.isArray(value);
const itemInstance = (item: Scalar): Instance => ({ values: { item }, suffix: `.${idPart(item)}` });

/** What an id may have, of any text. */
const idPart = (value: Scalar): string =>
  String(value)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-');

function taskOf(
  workflow: Workflow,
  task: WorkflowTask,
  id: string,
  { values }: Instance,
  needsOf: NeedsOf,
): TaskInput & { needs: string[] } {
  const fill = (text: string) => filled(text, values, workflow.inputs);
  const all = { ...workflow.defaults, ...given(task) };
  const { type, priority, timeoutMs, retryLimit } = all;
  // what was skipped is over for a join: it is skipped itself only if it says so
  const onNeedFailed = task.join ? task.onNeedFailed : all.onNeedFailed;
  const needs = (task.needs ?? []).map(fill).flatMap(needsOf);
  return {
    id,
    title: fill(task.title ?? task.id),
    ...(task.description !== undefined && { description: fill(task.description) }),
    ...given({ priority, timeoutMs, retryLimit, onNeedFailed }),
    ...((task.join || type !== undefined) && { type: task.join ? joinType : fill(type ?? '') }),
    labels: (all.labels ?? []).map(fill),
    requires: task.join ? [] : (all.requires ?? []).map(fill),
    payload: filledJson(task.payload ?? null, fill, (name) => valueNamed(name, values, workflow.inputs)),
    workflow: workflow.id,
    needs: [...new Set(needs)],
  };
}

function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

type Value = Scalar | readonly Scalar[];

function valueNamed(name: string, values: Instance['values'], inputs: Workflow['inputs']): Value | undefined {
  if (Object.hasOwn(values, name)) return values[name];
  const input = name.startsWith('inputs.') ? name.slice('inputs.'.length) : '';
  return Object.hasOwn(inputs, input) ? inputs[input] : undefined;
}

/** Braces that stand for nothing known are left: texts have them for other reasons. */
function filled(text: string, values: Instance['values'], inputs: Workflow['inputs']): string {
  return text.replace(/\{([A-Za-z0-9_.-]+)\}/g, (whole, name: string) =>
    String(valueNamed(name, values, inputs) ?? whole),
  );
}

/** A text that is nothing but a name becomes its value: a number stays one. */
function filledJson(
  value: Json,
  fill: (text: string) => string,
  valueOfName: (name: string) => Value | undefined,
): Json {
  if (typeof value === 'string') {
    const name = /^\{([A-Za-z0-9_.-]+)\}$/.exec(value)?.[1];
    const whole = name === undefined ? undefined : valueOfName(name);
    return whole === undefined ? fill(value) : typeof whole === 'object' ? [...whole] : whole;
  }
  if (Array.isArray(value)) return value.map((one) => filledJson(one, fill, valueOfName));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filledJson(one, fill, valueOfName)]));
}

/** Names in braces that are meant for us, and stand for nothing. */
function unknownNames(task: WorkflowTask, inputs: Workflow['inputs']): string[] {
  const { id: _id, forEach, ...texts } = task;
  const hasItem = forEach !== undefined && (typeof forEach === 'string' || isList(forEach));
  const named = [...JSON.stringify(texts).matchAll(/\{(item|inputs\.[A-Za-z0-9_.-]+)\}/g)].map(([, name = '']) => name);
  return [...new Set(named)].filter((name) =>
    name === 'item' ? !hasItem : valueNamed(name, {}, inputs) === undefined,
  );
}
