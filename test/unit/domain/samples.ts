import type { HeldClaim, Lease } from '../../../src/domain/claim.ts';
import type { Stamp } from '../../../src/domain/decision.ts';
import { newTask } from '../../../src/domain/new-task.ts';
import type { Seen } from '../../../src/domain/seen.ts';
import type { Task, TaskNote, TaskState } from '../../../src/domain/task.ts';

/** Records that the tables are made of: tenure `T3` of term 3 is agent-a's. */
export const stamp: Stamp = { by: 'agent-b', at: '2026-11-22T10:00:00.000Z', nonce: 'new-nonce-0123456789' };
export const a = { agent: 'agent-a', session: 's-a' };
export const b = { agent: 'agent-b', session: 's-b' };
export const mineA = { ...a, tenure: 'T3', term: 3 };
const progress = { text: 'half', percent: 50, at: stamp.at };

export function task(state: TaskState, over: Partial<Task> = {}): Task {
  const held = { agent: a.agent, session: a.session, tenure: 'T3', ttlMs: 20_000 };
  const holder = state === 'claimed' ? held : null;
  return { ...newTask({ id: 'x', title: 'X' }, stamp), state, term: 3, attempts: 2, holder, ...over };
}

export function claim(over: Partial<HeldClaim> = {}): HeldClaim {
  const who = { agent: a.agent, session: a.session, tenure: 'T3' };
  const rest = { cycle: 'c', ttlMs: 20_000, claimedAt: stamp.at, beat: 5, progress };
  return { v: 1, kind: 'claim', state: 'held', task: 'x', term: 3, ...who, ...rest, ...over };
}

export const free: Lease = { kind: 'free', oid: null };
export const released: Lease = { kind: 'free', oid: 'k-released' };
export const own: Lease = { kind: 'held', oid: 'k-own', claim: claim() };
export const orphan: Lease = { kind: 'held', oid: 'k-orphan', claim: claim({ tenure: 'T2', term: 2, ttlMs: 5000 }) };
export const unreadable: Lease = { kind: 'unreadable', oid: 'k-bad' };

export function note(of: Task): TaskNote {
  return { v: 1, kind: 'task', op: 'edit', by: 'agent-a', at: stamp.at, nonce: 'old-nonce-0123456789', task: of };
}

export function seen(of: Task | 'absent' | 'bad', lease: Lease = free, wentBack = false): Seen {
  const shown =
    of === 'absent'
      ? ({ kind: 'absent' } as const)
      : of === 'bad'
        ? ({ kind: 'bad', oid: 'tip', why: 'malformed' } as const)
        : ({ kind: 'task', oid: 'tip', note: note(of) } as const);
  return { id: 'x', task: shown, lease, wentBack };
}
