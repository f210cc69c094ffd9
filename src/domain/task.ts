import * as z from 'zod/mini';
import { isId } from './ids.ts';

/** A task as its log's newest commit has it (protocol 3). Notes are snapshots: the tip is enough. */

export type TaskState = 'open' | 'claimed' | 'review' | 'done' | 'failed' | 'cancelled';

export const taskOps = [
  'add',
  'edit',
  'claim',
  'release',
  'expire',
  'take-over',
  'fail',
  'done',
  'review',
  'reopen',
  'cancel',
  'pause',
  'resume',
  'assign',
  'retry',
  'join',
  'repair',
] as const;
export type TaskOp = (typeof taskOps)[number];

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Who holds a task, and by which tenure: the nonce of the commit that claimed it or took it over. */
export interface Holder {
  agent: string;
  session: string;
  tenure: string;
  ttlMs: number;
}

export interface Progress {
  text: string;
  percent: number | null;
  at: string;
}

export interface Remark {
  by: string;
  at: string;
  text: string;
}

export interface TaskError {
  /** `failed`, `owner-gone`, `timeout`, `expired`, `need-failed` … */
  code: string;
  message: string;
}

export interface Task {
  id: string;
  title: string;
  description: string;
  type: string;
  priority: number;
  labels: string[];
  needs: string[];
  onNeedFailed: 'block' | 'skip';
  requires: string[];
  workflow: string | null;
  payload: Json;
  timeoutMs: number;
  retryLimit: number;
  state: TaskState;
  term: number;
  attempts: number;
  notBefore: string | null;
  backoffMs: number;
  assignee: string | null;
  reserved: { agent: string; ttlMs: number } | null;
  paused: boolean;
  holder: Holder | null;
  progress: Progress | null;
  notes: Remark[];
  result: Json;
  error: TaskError | null;
  review: { branch: string; commit: string; target: string; from: string } | null;
  landed: { ref: string; from: string; commit: string } | null;
  createdAt: string;
  createdBy: string;
}

/** A commit's note on a task's log. `nonce` is new for every attempt, so that two writers never make the same commit. */
export interface TaskNote {
  v: 1;
  kind: 'task';
  op: TaskOp;
  by: string;
  at: string;
  nonce: string;
  task: Task;
}

/** Bounds of what a task may carry. Bytes are UTF-8. */
export const limits = {
  titleChars: 500,
  textChars: 20_000,
  labels: 64,
  needs: 1000,
  remarks: 100,
  payloadBytes: 64 * 1024,
  resultBytes: 64 * 1024,
  priorityAbs: 1_000_000,
  ttlMsMin: 1000,
  ttlMsMax: 24 * 3_600_000,
  retryLimitMax: 1000,
} as const;

const text = (max: number) => z.string().check(z.maxLength(max));
const whole = (min: number, max: number) => z.int().check(z.gte(min), z.lte(max));
const id = z.string().check(z.refine(isId, 'not an id'));
const name = text(200);
// It came out of JSON.parse, so that it is JSON is known; only its absence is to be refused.
const json = z.unknown().check(z.refine((value) => value !== undefined, 'absent')) as z.ZodMiniType<Json>;
const ttlMs = whole(limits.ttlMsMin, limits.ttlMsMax);

export const progressSchema = z.object({
  text: text(limits.textChars),
  percent: z.nullable(z.number().check(z.gte(0), z.lte(100))),
  at: name,
});

const taskSchema = z.object({
  id,
  title: text(limits.titleChars),
  description: text(limits.textChars),
  type: name,
  priority: whole(-limits.priorityAbs, limits.priorityAbs),
  labels: z.array(name).check(z.maxLength(limits.labels)),
  needs: z.array(id).check(z.maxLength(limits.needs)),
  onNeedFailed: z.enum(['block', 'skip']),
  requires: z.array(name).check(z.maxLength(limits.labels)),
  workflow: z.nullable(name),
  payload: json,
  timeoutMs: whole(0, Number.MAX_SAFE_INTEGER),
  retryLimit: whole(0, limits.retryLimitMax),
  state: z.enum(['open', 'claimed', 'review', 'done', 'failed', 'cancelled']),
  term: whole(0, Number.MAX_SAFE_INTEGER),
  attempts: whole(0, Number.MAX_SAFE_INTEGER),
  notBefore: z.nullable(name),
  backoffMs: whole(0, Number.MAX_SAFE_INTEGER),
  assignee: z.nullable(name),
  reserved: z.nullable(z.object({ agent: name, ttlMs })),
  paused: z.boolean(),
  holder: z.nullable(z.object({ agent: name, session: name, tenure: name, ttlMs })),
  progress: z.nullable(progressSchema),
  notes: z.array(z.object({ by: name, at: name, text: text(limits.textChars) })).check(z.maxLength(limits.remarks)),
  result: json,
  error: z.nullable(z.object({ code: name, message: text(limits.textChars) })),
  review: z.nullable(z.object({ branch: name, commit: name, target: name, from: name })),
  landed: z.nullable(z.object({ ref: name, from: name, commit: name })),
  createdAt: name,
  createdBy: name,
});

export const taskNoteSchema: z.ZodMiniType<TaskNote> = z
  .object({
    v: z.literal(1),
    kind: z.literal('task'),
    op: z.enum(taskOps),
    by: name,
    at: name,
    nonce: z.string().check(z.minLength(16), z.maxLength(200)),
    task: taskSchema,
  })
  .check(
    z.refine((note) => (note.task.state === 'claimed') === (note.task.holder !== null), 'holder and state differ'),
  );
