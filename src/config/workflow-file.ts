import type { Document, LineCounter, Node } from 'yaml';
import * as z from 'zod/mini';
import type { Json } from '../domain/task.ts';
import { type Expanded, expandWorkflow, type Workflow, type WorkflowFields } from '../domain/workflow.ts';
import { CoordError } from '../errors.ts';
import { durationProblem, parseDuration } from './durations.ts';
import { nearest } from './nearest.ts';

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
  const yaml = await import('yaml');
  const counter = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'silent' });
  const place = (line: number) => `${name}:${line}`;
  const broken = document.errors.map(
    (error) => `${place(counter.linePos(error.pos[0]).line)}: ${error.message.split('\n')[0]}`,
  );
  if (broken.length > 0) throw wrong(name, broken);
  const lineOf = (path: readonly PropertyKey[]) => place(lineAt(document, counter, path));
  const parsed = schema.safeParse(plainOf(document, place(1), name));
  if (!parsed.success)
    throw wrong(
      name,
      parsed.error.issues.flatMap((issue) => issueTexts(issue, lineOf)),
    );
  const workflow = workflowOf(parsed.data, inputs, name);
  const { tasks, writtenAs, problems } = expandWorkflow(workflow);
  const placeOf = (task: number) => lineOf(['tasks', writtenAs[task] ?? 0]);
  if (problems.length > 0)
    throw wrong(
      name,
      problems.map(({ task, text: words }) => `${lineOf(['tasks', task])}: ${words}`),
    );
  return { id: workflow.id, tasks, placeOf };
}

/** @throws CoordError `usage` for aliases that stand for far more than was written, or for what they are within */
function plainOf(document: Document, place: string, name: string): unknown {
  try {
    const plain: unknown = document.toJS({ maxAliasCount: 100 });
    // of what is within itself no record can be made
    JSON.stringify(plain);
    return plain;
  } catch (error) {
    throw wrong(name, [`${place}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

const problemsShown = 20;

function wrong(name: string, found: readonly string[]): CoordError {
  const line = (problem: string) => Number(/^:(\d+)/.exec(problem.slice(name.length))?.[1] ?? 0);
  const problems = [...found].sort((a, b) => line(a) - line(b));
  const more = problems.length > problemsShown ? [`and ${problems.length - problemsShown} more`] : [];
  return new CoordError(
    'usage',
    `${name} is no workflow:\n${[...problems.slice(0, problemsShown), ...more].join('\n')}`,
    {
      hint: 'Nothing was written.',
      next: ['git coord help workflow'],
      data: { problems },
    },
  );
}

/** Where something stands, or else what it would stand in. */
function lineAt(document: Document, counter: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined;
    if (node?.range) return counter.linePos(node.range[0]).line;
  }
  return 1;
}

function issueTexts(issue: z.core.$ZodIssue, lineOf: (path: readonly PropertyKey[]) => string): string[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const near = nearest(key, keysAt(path));
      return `${lineOf([...path, key])}: ${key} is no key here${near === null ? '' : `; did you mean ${near}?`}`;
    });
  const key = path.findLast((part) => typeof part === 'string') ?? 'the file';
  const words = issue.code === 'custom' ? issue.message : `must be ${formOf[String(key)] ?? 'a text'}`;
  return [`${lineOf(path)}: ${String(key)} ${words}`];
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
