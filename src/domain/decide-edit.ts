import { type Decision, refused, type Stamp } from './decision.ts';
import { newTask, type TaskInput } from './new-task.ts';
import type { Seen } from './seen.ts';
import { limits, type Task, type TaskOp } from './task.ts';
import { cancelled } from './tenure.ts';

/** Adding a task and changing what it says (protocol 4: add, edit, cancel, retry). */

const inputKeys = [
  'title', 'description', 'type', 'priority', 'labels', 'needs', 'requires', 'payload', 'timeoutMs', 'retryLimit',
  'notBefore', 'onNeedFailed', 'workflow',
] as const satisfies readonly (keyof Task)[]; // biome-ignore format: one list

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The same content again is no error, so that `add` can be repeated after a lost reply. */
export function decideAdd(seen: Seen, input: TaskInput, stamp: Stamp): Decision {
  const task = newTask(input, stamp);
  if (seen.wentBack) return refused({ reason: 'went-back' });
  if (seen.task.kind === 'absent') return { kind: 'write', op: 'add', task, lease: 'keep' };
  if (seen.task.kind === 'bad') return refused({ reason: 'bad-note', why: seen.task.why });
  const there = seen.task.note.task;
  return inputKeys.every((key) => same(task[key], there[key])) ? { kind: 'unchanged' } : refused({ reason: 'exists' });
}

export type TaskChange = Partial<Omit<TaskInput, 'id'>>;

/** A change of what a task says; also while it is claimed, by anybody: the tenure stands. */
export function decideEdit(seen: Seen, change: TaskChange): Decision {
  return onTask(seen, (task) => {
    if (isFinal(task)) return wrongState(task);
    const next = { ...task, ...change };
    return same(next, task) ? { kind: 'unchanged' } : { kind: 'write', op: 'edit', task: next, lease: 'keep' };
  });
}

export interface NeedsChange {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}

/** A change of what a task needs, made on what it needs by then: two who add at the same time both have it. */
export function decideNeeds(seen: Seen, { add = [], remove = [] }: NeedsChange): Decision {
  return onTask(seen, (task) => {
    const needs = [...new Set([...task.needs, ...add])].filter((need) => !remove.includes(need));
    return decideEdit(seen, { needs });
  });
}

/** What an edit makes a task need that it didn't need before. */
export function addedNeeds(seen: Seen, decision: Decision): string[] {
  const before = seen.task.kind === 'task' ? seen.task.note.task.needs : [];
  return decision.kind === 'write' ? decision.task.needs.filter((need) => !before.includes(need)) : [];
}

/** A remark by anybody, at any time; the oldest make room beyond the bound. */
export function decideNote(seen: Seen, text: string, stamp: Stamp): Decision {
  return onTask(seen, (task) => {
    const notes = [...task.notes, { by: stamp.by, at: stamp.at, text }].slice(-limits.remarks);
    return { kind: 'write', op: 'edit', task: { ...task, notes }, lease: 'keep' };
  });
}

export function decideCancel(seen: Seen, reason: string | null): Decision {
  return onTask(seen, (task) => {
    if (task.state === 'cancelled') return { kind: 'unchanged' };
    if (task.state === 'done') return wrongState(task);
    const error = reason === null ? null : { code: 'cancelled', message: reason };
    const lease = seen.lease.kind === 'free' ? 'keep' : 'free';
    return { kind: 'write', op: 'cancel', task: cancelled(task, seen.lease, error), lease };
  });
}

/** Back to `open` with fresh tries; for a task that waits out a backoff, at once. */
export function decideRetry(seen: Seen): Decision {
  return onTask(seen, (task) => {
    if (task.state === 'open' && task.attempts === 0 && task.backoffMs === 0) return { kind: 'unchanged' };
    if (task.state === 'claimed' || task.state === 'done') return wrongState(task);
    return write('retry', { ...task, state: 'open', attempts: 0, backoffMs: 0, error: null, review: null });
  });
}

const isFinal = (task: Task): boolean => task.state === 'done' || task.state === 'cancelled';
const write = (op: TaskOp, task: Task): Decision => ({ kind: 'write', op, task, lease: 'keep' });
const wrongState = (task: Task): Decision =>
  refused({ reason: 'wrong-state', state: task.state, error: task.error?.message ?? null });

function onTask(seen: Seen, decide: (task: Task) => Decision): Decision {
  if (seen.task.kind === 'absent') return refused({ reason: 'not-found' });
  if (seen.wentBack) return refused({ reason: 'went-back' });
  if (seen.task.kind === 'bad') return refused({ reason: 'bad-note', why: seen.task.why });
  return decide(seen.task.note.task);
}
