import { type Decision, refused } from './decision.ts';
import type { Seen } from './seen.ts';
import type { Json, TaskState } from './task.ts';

/**
 * A join has no work of its own: it is done when nothing that it needs will change any more, by whoever notices first, once
 * (protocol 4, "join"). A need that was cancelled counts; one that failed blocks it like any other task.
 */
export const joinType = 'join';

export interface NeedSeen {
  readonly state: TaskState;
  /** The newest commit of its log: where its result stands. */
  readonly commit: string;
}

export function decideJoin(seen: Seen, needOf: (id: string) => NeedSeen | undefined): Decision {
  if (seen.task.kind === 'absent') return refused({ reason: 'not-found' });
  if (seen.wentBack) return refused({ reason: 'went-back' });
  if (seen.task.kind === 'bad') return refused({ reason: 'bad-note', why: seen.task.why });
  const { task } = seen.task.note;
  if (task.type !== joinType || task.state !== 'open') return { kind: 'unchanged' };
  const needs: Json[] = [];
  for (const id of task.needs) {
    const need = needOf(id);
    if (need === undefined || (need.state !== 'done' && need.state !== 'cancelled')) return { kind: 'unchanged' };
    needs.push({ id, state: need.state, commit: need.commit });
  }
  const lease = seen.lease.kind === 'free' ? 'keep' : 'free';
  return { kind: 'write', op: 'join', task: { ...task, state: 'done', result: { needs } }, lease };
}
