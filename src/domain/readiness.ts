import type { QueueNote } from './agent.ts';
import { joinType } from './decide-join.ts';
import type { Task, TaskState } from './task.ts';

/** Why a task can't be taken by `--next` now; an empty list: ready. */
export type Blocker =
  | { readonly why: 'state'; readonly state: TaskState }
  | {
      readonly why: 'need';
      readonly id: string;
      readonly state: TaskState | 'unknown';
      /** Nothing comes of it any more: nobody can open it again. */
      readonly isArchived?: boolean;
    }
  | { readonly why: 'paused' }
  | { readonly why: 'reserved'; readonly agent: string }
  | { readonly why: 'backoff'; readonly leftMs: number }
  | { readonly why: 'external' }
  /** It is done by itself once its needs are. */
  | { readonly why: 'join' }
  | { readonly why: 'held' };

export interface ReadinessContext {
  /** The state of a task by its id; undefined: unknown. */
  readonly stateOf: (id: string) => TaskState | undefined;
  readonly queue: QueueNote | null;
  /** Milliseconds since this clone first saw the task's tip. */
  readonly tipAgeMs: number;
  /** The claim ref shows a lease that the task doesn't know. */
  readonly leaseHeld: boolean;
  /** Whoever asks; a reservation for it doesn't block it. */
  readonly agent: string | null;
}

/** Types of task that are claimed by name only. */
const neverReady = new Set(['external', 'lock']);

export function unmetNeeds(task: Task, stateOf: ReadinessContext['stateOf']): Extract<Blocker, { why: 'need' }>[] {
  return task.needs
    .map((id) => ({ why: 'need' as const, id, state: stateOf(id) ?? ('unknown' as const) }))
    .filter((need) => need.state !== 'done');
}

export function queuePauses(task: Task, queue: QueueNote | null): boolean {
  return task.paused || (queue !== null && (queue.paused || task.labels.some((label) => queue.labels.includes(label))));
}

export function reservationCounts(task: Task, tipAgeMs: number): boolean {
  return task.reserved !== null && tipAgeMs < task.reserved.ttlMs;
}

export function blockers(task: Task, context: ReadinessContext): Blocker[] {
  if (task.state !== 'open') return [{ why: 'state', state: task.state }];
  const found: Blocker[] = [];
  if (neverReady.has(task.type)) found.push({ why: 'external' });
  if (task.type === joinType) found.push({ why: 'join' });
  if (queuePauses(task, context.queue)) found.push({ why: 'paused' });
  found.push(...unmetNeeds(task, context.stateOf));
  if (task.reserved && reservationCounts(task, context.tipAgeMs) && task.reserved.agent !== context.agent) {
    found.push({ why: 'reserved', agent: task.reserved.agent });
  }
  if (task.backoffMs > context.tipAgeMs) found.push({ why: 'backoff', leftMs: task.backoffMs - context.tipAgeMs });
  if (context.leaseHeld) found.push({ why: 'held' });
  return found;
}

type Queued = Pick<Task, 'id' | 'priority' | 'createdAt'>;

/** The order in which tasks are taken: higher priority, then older, then by id. */
export function queueOrder(a: Queued, b: Queued): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** What a task requires that an agent with these capabilities lacks; empty: it can do it. */
export function lacking(task: { readonly requires: readonly string[] }, capabilities: readonly string[]): string[] {
  return task.requires.filter((skill) => !capabilities.includes(skill));
}
