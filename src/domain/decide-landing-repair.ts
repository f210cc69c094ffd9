import { type Decision, refused } from './decision.ts';
import type { Seen } from './seen.ts';

/** Where the target branch of a landing is, by two reads: where the landing found it, with the landed commit, or elsewhere without. */
export type Standing = 'at-from' | 'has-it' | 'elsewhere';

/**
 * What a task says that is done by a landing, whose branch was read after it (protocol 8).
 *
 * branch      answer
 * has-it      unchanged
 * at-from     repair: the branch is pushed on in the same push
 * elsewhere   reopen: the work never got there, and can't any more as it is
 *
 * A task that isn't done by a landing: unchanged.
 */
export function decideLandingRepair(seen: Seen, standing: Standing): Decision {
  if (seen.wentBack) return refused({ reason: 'went-back' });
  if (seen.task.kind !== 'task') return { kind: 'unchanged' };
  const { task } = seen.task.note;
  if (task.state !== 'done' || task.landed === null || standing === 'has-it') return { kind: 'unchanged' };
  if (standing === 'at-from') return { kind: 'write', op: 'repair', task, lease: 'keep' };
  const error = { code: 'landing-lost', message: `its landing never reached ${task.landed.ref}` };
  const open = { ...task, state: 'open' as const, landed: null, result: null, error };
  return { kind: 'write', op: 'reopen', task: { ...open, attempts: Math.max(0, task.attempts - 1) }, lease: 'keep' };
}
