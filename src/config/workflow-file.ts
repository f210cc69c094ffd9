import * as z from 'zod/mini';
import type { Json } from '../domain/task.ts';
import { type Expanded, expandWorkflow, type Workflow, type WorkflowFields } from '../domain/workflow.ts';
import { CoordError } from '../errors.ts';
import { issueTexts, readDocument } from './document-file.ts';
import { durationProblem, parseDuration } from './durations.ts';

/** A workflow's file: YAML, of which JSON is a part. All problems at once, each with file and line. */

const duration = z.pipe(
  z.string().check(
    z.superRefine((text, context) => {
      if (parseDuration(text) === null)
        context.addIssue({ code: 'custom', message: durationProblem(text), input: text });
    }),
  ),
  z.transform((text) => parseDuration(text) ?? 0),
);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const scalars = z.array(scalar);
const texts = z.union([
  z.array(z.string()),
  z.pipe(
    z.string(),
    z.transform((text) => [text]),
  ),
]);

const fields = {
  type: z.optional(z.string()),
  priority: z.optional(z.int()),
  labels: z.optional(texts),
  requires: z.optional(texts),
  timeout: z.optional(duration),
  retries: z.optional(z.int().check(z.gte(0))),
  on_need_failed: z.optional(z.enum(['block', 'skip'])),
};
const taskKeys = {
  id: z.string(),
  title: z.optional(z.string()),
  description: z.optional(z.string()),
  needs: z.optional(texts),
  payload: z.optional(z.json()),
  for_each: z.optional(z.union([scalars, z.record(z.string(), scalars), z.string()])),
  join: z.optional(z.boolean()),
  ...fields,
};
const rootKeys = {
  id: z.optional(z.string()),
  inputs: z.optional(z.record(z.string(), z.union([scalar, scalars]))),
  defaults: z.optional(z.strictObject(fields)),
  tasks: z.array(z.strictObject(taskKeys)).check(z.minLength(1)),
};
const schema = z.strictObject(rootKeys);
const keysAt = (path: readonly PropertyKey[]): string[] => {
  if (path[0] === 'tasks') return Object.keys(taskKeys);
  return Object.keys(path[0] === 'defaults' ? fields : rootKeys);
};

export interface WorkflowFile extends Pick<Expanded, 'tasks'> {
  readonly id: string | null;
  /** `file:line`, of one of the tasks. */
  placeOf(task: number): string;
}

/** @throws CoordError `usage` with all problems */
export async function readWorkflow(
  text: string,
  name: string,
  inputs: Readonly<Record<string, string>>,
): Promise<WorkflowFile> {
  const document = await readDocument(text, name, { isNo: 'no workflow', command: 'workflow' });
  const parsed = schema.safeParse(document.plain);
  if (!parsed.success) throw document.wrong(parsed.error.issues.flatMap((issue) => issueTexts(issue, document, words)));
  const workflow = workflowOf(parsed.data, inputs, name);
  const { tasks, writtenAs, problems } = expandWorkflow(workflow);
  const placeOf = (task: number) => document.placeOf(['tasks', writtenAs[task] ?? 0]);
  if (problems.length > 0)
    throw document.wrong(problems.map(({ task, text: said }) => `${document.placeOf(['tasks', task])}: ${said}`));
  return { id: workflow.id, tasks, placeOf };
}

const formOf: Readonly<Record<string, string>> = {
  'the file': 'a map with tasks',
  tasks: 'a list of tasks, each with an id',
  defaults: 'a map',
  inputs: 'a map from names to values, or to lists of them',
  priority: 'a whole number',
  retries: 'a whole number from 0',
  timeout: 'a duration with its unit, as 20m',
  labels: 'a list of texts',
  requires: 'a list of texts',
  needs: 'a list of ids',
  for_each: 'a list, a map of lists, or inputs.<name>',
  join: 'true or false',
  on_need_failed: 'block or skip',
  payload: 'data as in JSON',
};
const words = { keysAt, formOf };

type Parsed = z.infer<typeof schema>;

function workflowOf(
  { id, inputs = {}, defaults = {}, tasks }: Parsed,
  given: Readonly<Record<string, string>>,
  name: string,
): Workflow {
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(inputs, key));
  if (unknown !== undefined)
    throw new CoordError('usage', `${name} has no input ${unknown}`, {
      hint: `Its inputs: ${Object.keys(inputs).join(', ') || 'none'}.`,
    });
  const isListed = (key: string) => Array.isArray(inputs[key]);
  const listOf = (text: string): string[] => (text === '' ? [] : text.split(','));
  const own = Object.entries(given).map(([key, text]) => [key, isListed(key) ? listOf(text) : text] as const);
  return {
    id: id ?? null,
    inputs: { ...inputs, ...Object.fromEntries(own) },
    defaults: fieldsOf(defaults),
    tasks: tasks.map(({ for_each: forEach, payload, ...task }) => ({
      ...task,
      ...fieldsOf(task),
      forEach,
      payload: payload as Json | undefined,
    })),
  };
}

function fieldsOf({
  type,
  priority,
  labels,
  requires,
  timeout,
  retries,
  on_need_failed,
}: NonNullable<Parsed['defaults']>): WorkflowFields {
  return { type, priority, labels, requires, timeoutMs: timeout, retryLimit: retries, onNeedFailed: on_need_failed };
}
