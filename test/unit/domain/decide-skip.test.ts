import { expect, test } from 'vitest';
import { decideSkip } from '../../../src/domain/decide-skip.ts';
import type { TaskState } from '../../../src/domain/task.ts';
import { orphan, own, seen, task } from './samples.ts';

const states: Record<string, TaskState> = { f: 'failed', x: 'cancelled', d: 'done', o: 'open', r: 'review' };
const skip = { onNeedFailed: 'skip' } as const;
const rows: [string, ReturnType<typeof seen>, string][] = [
  ['a need failed', seen(task('open', { ...skip, needs: ['d', 'f'] })), 'need-failed, keep'],
  ['a need was cancelled', seen(task('open', { ...skip, needs: ['x'] })), 'need-failed, keep'],
  ['with a claim that it does not know', seen(task('open', { ...skip, needs: ['x'] }), orphan), 'need-failed, free'],
  ['needs that may still be done', seen(task('open', { ...skip, needs: ['d', 'o', 'r'] })), 'unchanged'],
  ['a need that nobody knows', seen(task('open', { ...skip, needs: ['?'] })), 'unchanged'],
  ['it blocks', seen(task('open', { needs: ['f'] })), 'unchanged'],
  ['somebody holds it', seen(task('claimed', { ...skip, needs: ['f'] }), own), 'unchanged'],
  ['it is cancelled already', seen(task('cancelled', { ...skip, needs: ['f'] })), 'unchanged'],
  ['there is no such task', seen('absent'), 'unchanged'],
  ['it went back', seen(task('open', { ...skip, needs: ['f'] }), { kind: 'free', oid: null }, true), 'unchanged'],
];

test.each(rows)('%s', (_name, what, expected) => {
  const decision = decideSkip(what, (id) => states[id]);
  if (decision.kind !== 'write') return expect(decision.kind).toBe(expected);
  expect(decision).toMatchObject({ op: 'cancel', task: { state: 'cancelled' } });
  return expect(`${decision.task.error?.code}, ${decision.lease}`).toBe(expected);
});
