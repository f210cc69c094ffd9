import * as z from 'zod/mini';
import { isId } from './ids.ts';
import { once } from './once.ts';
import { type Json, limits, type TaskNote, taskOps } from './task.ts';

/** What a reader takes for a task's note (protocol 3). Apart from the types, so that the package's types need no other. */

const text = (max: number) => z.string().check(z.maxLength(max));
const whole = (min: number, max: number) => z.int().check(z.gte(min), z.lte(max));
const id = once(() => z.string().check(z.refine(isId, 'not an id')));
const name = once(() => text(200));
/** Both are handed to git, which would take an option for one: `--output=…` writes a file. */
const oid = once(() => z.string().check(z.regex(/^[0-9a-f]{40,64}$/)));
const branch = once(() => text(1000).check(z.regex(/^refs\/heads\/(?!.*\.\.)[^\s~^:?*[\\\u0000-\u001f\u007f]+$/)));
// It came out of JSON.parse, so that it is JSON is known; only its absence is to be refused.
const json = once(() => z.unknown().check(z.refine((value) => value !== undefined, 'absent')) as z.ZodMiniType<Json>);
const countMax = 1e12;
const ttlMs = once(() => whole(limits.ttlMsMin, limits.ttlMsMax));

export const progressSchema = once(() =>
  z.object({
    text: text(limits.textChars),
    percent: z.nullable(z.number().check(z.gte(0), z.lte(100))),
    at: name(),
  }),
);

const taskSchema = () =>
  z.object({
    id: id(),
    title: text(limits.titleChars),
    description: text(limits.textChars),
    type: name(),
    priority: whole(-limits.priorityAbs, limits.priorityAbs),
    labels: z.array(name()).check(z.maxLength(limits.labels)),
    needs: z.array(id()).check(z.maxLength(limits.needs)),
    onNeedFailed: z.enum(['block', 'skip']),
    requires: z.array(name()).check(z.maxLength(limits.labels)),
    workflow: z.nullable(name()),
    payload: json(),
    timeoutMs: whole(0, Number.MAX_SAFE_INTEGER),
    retryLimit: whole(0, limits.retryLimitMax),
    state: z.enum(['open', 'claimed', 'review', 'done', 'failed', 'cancelled']),
    // far below what a number holds exactly, so that the next term is one too
    term: whole(0, countMax),
    attempts: whole(0, countMax),
    notBefore: z.nullable(name()),
    backoffMs: whole(0, Number.MAX_SAFE_INTEGER),
    assignee: z.nullable(name()),
    reserved: z.nullable(z.object({ agent: name(), ttlMs: ttlMs() })),
    paused: z.boolean(),
    holder: z.nullable(z.object({ agent: name(), session: name(), tenure: name(), ttlMs: ttlMs() })),
    progress: z.nullable(progressSchema()),
    notes: z
      .array(z.object({ by: name(), at: name(), text: text(limits.textChars) }))
      .check(z.maxLength(limits.remarks)),
    result: json(),
    error: z.nullable(z.object({ code: name(), message: text(limits.textChars) })),
    review: z.nullable(z.object({ branch: branch(), commit: oid(), target: branch(), from: oid() })),
    landed: z.nullable(z.object({ ref: branch(), from: oid(), commit: oid() })),
    createdAt: name(),
    createdBy: name(),
  });

export const taskNoteSchema = once(
  (): z.ZodMiniType<TaskNote> =>
    z
      .object({
        v: z.literal(1),
        kind: z.literal('task'),
        op: z.enum(taskOps),
        by: name(),
        at: name(),
        nonce: z.string().check(z.minLength(16), z.maxLength(200)),
        task: taskSchema(),
      })
      .check(
        z.refine((note) => (note.task.state === 'claimed') === (note.task.holder !== null), 'holder and state differ'),
      ),
);
