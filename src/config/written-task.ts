import * as z from 'zod/mini';
import type { Json } from '../domain/task.ts';
import type { ImportedTask } from '../domain/task-record.ts';
import type { SchemaWords } from './document-file.ts';
import { durationProblem, parseDuration } from './durations.ts';

/** A task in a file that is imported, as somebody or an export has written it. */

const duration = z.string().check(
  z.superRefine((text, context) => {
    if (parseDuration(text) === null) context.addIssue({ code: 'custom', message: durationProblem(text), input: text });
  }),
);
const date = z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)), 'is no date'));
const texts = z.union([z.array(z.string()), z.string()]);
const whole = z.int().check(z.gte(0));
const needFailed = z.enum(['block', 'skip']);

/** As `add` has them, and as an export has them. */
const keys = {
  id: z.optional(z.string()),
  title: z.string().check(z.refine((title) => title.trim() !== '', 'says nothing')),
  description: z.optional(z.string()),
  type: z.optional(z.string()),
  priority: z.optional(z.int()),
  labels: z.optional(texts),
  needs: z.optional(texts),
  requires: z.optional(texts),
  payload: z.optional(z.json()),
  timeout: z.optional(duration),
  timeoutMs: z.optional(whole),
  retries: z.optional(whole),
  retryLimit: z.optional(whole),
  not_before: z.optional(date),
  notBefore: z.optional(z.nullable(date)),
  on_need_failed: z.optional(needFailed),
  onNeedFailed: z.optional(needFailed),
  workflow: z.optional(z.nullable(z.string())),
  state: z.optional(z.enum(['open', 'claimed', 'review', 'done', 'failed', 'cancelled'])),
  result: z.optional(z.json()),
  error: z.optional(z.nullable(z.strictObject({ code: z.string(), message: z.string() }))),
  notes: z.optional(z.array(z.strictObject({ by: z.string(), at: z.string(), text: z.string() }))),
  createdAt: z.optional(date),
  createdBy: z.optional(z.string()),
};
export const writtenTask = z.strictObject(keys);
export type WrittenTask = z.infer<typeof writtenTask>;

export const taskWords: SchemaWords = {
  keysAt: () => Object.keys(keys),
  formOf: {
    priority: 'a whole number',
    labels: 'a list of texts',
    needs: 'a list of ids',
    requires: 'a list of texts',
    payload: 'data as in JSON',
    result: 'data as in JSON',
    timeout: 'a duration with its unit, as 20m',
    timeoutMs: 'a whole number from 0',
    retries: 'a whole number from 0',
    retryLimit: 'a whole number from 0',
    on_need_failed: 'block or skip',
    onNeedFailed: 'block or skip',
    state: 'one of open, claimed, review, done, failed, cancelled',
    error: 'null or {code, message}',
    notes: 'a list of {by, at, text}',
  },
};

/** Capitals are folded. */
export const foldedId = (id: string): string => id.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const listed = (value: string | readonly string[] | undefined): string[] | undefined =>
  typeof value === 'string' ? [value] : value && [...value];

/** `id`: where none is written, the one that stands for its title. */
export function taskOf(id: string, task: WrittenTask): ImportedTask {
  const { title, description, type, priority, payload, workflow, state, result, error, notes, createdAt } = task;
  const notBefore = task.notBefore ?? task.not_before;
  const given = {
    description,
    type,
    priority,
    labels: listed(task.labels),
    requires: listed(task.requires),
    payload: payload as Json | undefined,
    timeoutMs: task.timeout === undefined ? task.timeoutMs : (parseDuration(task.timeout) ?? undefined),
    retryLimit: task.retries ?? task.retryLimit,
    notBefore: notBefore === undefined ? undefined : new Date(notBefore).toISOString(),
    onNeedFailed: task.on_need_failed ?? task.onNeedFailed,
    workflow,
  };
  return {
    id,
    title,
    needs: [...new Set((listed(task.needs) ?? []).map(foldedId))],
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    past: { state, result: result as Json | undefined, error, notes, createdAt, createdBy: task.createdBy },
  };
}
