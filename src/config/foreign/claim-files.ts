import type { Json } from '../../domain/task.ts';
import { dateOf, type ForeignTask, isFields, textOf, textsOf } from './foreign-task.ts';

/** Claim files as coordination plans have them: `<id>.claim` with `{agent, claimed_at, ttl}`, and tasks as `<id>.json`. */

const states: Readonly<Record<string, ForeignTask['state']>> = {
  pending: 'open',
  in_progress: 'claimed',
  claimed: 'claimed',
  completed: 'done',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

export interface ClaimFile {
  readonly id: string;
  /** What it holds; undefined: no JSON. */
  readonly value: Json | undefined;
  readonly name: string;
}

/**
 * One task for each id that a task or a claim names. A claim of a file is none here: the task is open, and who held it is kept
 * in its payload.
 */
export function claimFileTasks(tasks: readonly ClaimFile[], claims: readonly ClaimFile[]): ForeignTask[] {
  const claimed = new Map(claims.map((claim) => [claim.id, claim]));
  const known = new Set(tasks.map(({ id }) => id));
  const bare = claims.filter(({ id }) => !known.has(id)).map(({ id, name }) => ({ id, name, value: {} }));
  return [...tasks, ...bare].map(({ id, name, value }) => foreign(id, name, value, claimed.get(id)?.value));
}

function foreign(id: string, name: string, value: Json | undefined, claim: Json | undefined): ForeignTask {
  const task = isFields(value) ? value : {};
  const status = textOf(task.status);
  const description = textOf(task.description);
  const created = task.created_at;
  return {
    id,
    title:
      value === undefined
        ? undefined
        : (textOf(task.title) ?? textOf(task.name) ?? description?.split('\n')[0]?.slice(0, 500) ?? id),
    texts: [[null, description]],
    type: textOf(task.type),
    priority: typeof task.priority === 'number' ? task.priority : 0,
    labels: textsOf(task.labels),
    needs: textsOf(task.dependencies),
    parent: null,
    state: states[status ?? ''] ?? (claim === undefined ? 'open' : 'claimed'),
    result: task.result,
    // of Python's clock: seconds
    createdAt: dateOf(typeof created === 'number' ? created * 1000 : created),
    payload: task.payload,
    kept: { status, claim },
    place: () => `${name}:1`,
  };
}
