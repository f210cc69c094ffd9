import type { Decision } from './decision.ts';
import type { ReadinessContext } from './readiness.ts';
import type { Seen } from './seen.ts';
import { cancelled } from './tenure.ts';

/**
 * A task that is to be skipped when a need fails (`onNeedFailed: skip`), and one has: it is cancelled, by whoever notices first.
 * A need that was cancelled counts too, so that a whole chain ends.
 */
export function decideSkip(seen: Seen, stateOf: ReadinessContext['stateOf']): Decision {
  if (seen.task.kind !== 'task' || seen.wentBack) return { kind: 'unchanged' };
  const { task } = seen.task.note;
  const failed = task.needs.find((need) => /^(failed|cancelled)$/.test(stateOf(need) ?? ''));
  if (task.state !== 'open' || task.onNeedFailed !== 'skip' || failed === undefined) return { kind: 'unchanged' };
  const error = { code: 'need-failed', message: `it needs ${failed}, which is ${stateOf(failed)}` };
  const lease = seen.lease.kind === 'free' ? 'keep' : 'free';
  return { kind: 'write', op: 'cancel', task: cancelled(task, seen.lease, error), lease };
}
