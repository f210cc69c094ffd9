import { type Decision, refused } from './decision.ts';
import type { Seen } from './seen.ts';
import type { Task } from './task.ts';

/**
 * A review ends when its commit is on the target (protocol 4, "review ends"); whoever notices says so. `review` is the one
 * that was looked at: a task that has been claimed again, or sent to another review since, stays as it is.
 */
export function decideReviewEnd(seen: Seen, review: NonNullable<Task['review']>, landed: Task['landed']): Decision {
  if (seen.wentBack) return refused({ reason: 'went-back' });
  if (seen.task.kind !== 'task') return { kind: 'unchanged' };
  const { task } = seen.task.note;
  if (task.state !== 'review' || task.review?.commit !== review.commit) return { kind: 'unchanged' };
  return { kind: 'write', op: 'done', task: { ...task, state: 'done', landed, error: null }, lease: 'keep' };
}
