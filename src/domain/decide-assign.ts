import { type Decision, refused } from './decision.ts';
import { lacking } from './readiness.ts';
import type { Seen } from './seen.ts';

/**
 * Reserving a task for an agent, and taking that back (protocol 4, "assign").
 *
 * state of the task    answer
 * open, claimed        reserved; of one that is claimed it holds once it is open again
 * reserved so already  unchanged while it counts: asked for again, the time to live begins anew
 * without the skill    lacking, where the agent's record says what it can do
 * other states         wrong-state
 */
export interface AssignRequest {
  /** For whom, and for how long it counts; null: for nobody. */
  readonly to: { readonly agent: string; readonly ttlMs: number } | null;
  /** What its record says that it can do; null: it has none. */
  readonly capabilities: readonly string[] | null;
  /** A reservation that is there counts still, as this clone sees it. */
  readonly reservationCounts: boolean;
}

export function decideAssign(seen: Seen, { to, capabilities, reservationCounts }: AssignRequest): Decision {
  if (seen.task.kind === 'absent') return refused({ reason: 'not-found' });
  if (seen.wentBack) return refused({ reason: 'went-back' });
  if (seen.task.kind === 'bad') return refused({ reason: 'bad-note', why: seen.task.why });
  const { task } = seen.task.note;
  if (task.state !== 'open' && task.state !== 'claimed')
    return refused({ reason: 'wrong-state', state: task.state, error: task.error?.message ?? null });
  const skills = to === null || capabilities === null ? [] : lacking(task, capabilities);
  if (to !== null && skills.length > 0) return refused({ reason: 'lacking', agent: to.agent, skills });
  const same = task.reserved?.agent === to?.agent && task.reserved?.ttlMs === to?.ttlMs;
  if (same && (to === null || reservationCounts)) return { kind: 'unchanged' };
  return { kind: 'write', op: 'assign', task: { ...task, assignee: to?.agent ?? null, reserved: to }, lease: 'keep' };
}
