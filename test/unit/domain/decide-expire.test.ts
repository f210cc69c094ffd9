import { expect, test } from 'vitest';
import type { Lease } from '../../../src/domain/claim.ts';
import { decideEnd, decideExpire, leaseIsGone } from '../../../src/domain/decide-expire.ts';
import type { Decision } from '../../../src/domain/decision.ts';
import type { Task } from '../../../src/domain/task.ts';
import { a, free, mineA, orphan, own, seen, task, unreadable } from './samples.ts';

function say(decision: Decision): string {
  if (decision.kind === 'refused') return `refused ${decision.refusal.reason}`;
  if (decision.kind !== 'write') return decision.kind;
  const { op, task: next, lease } = decision;
  return `${op}: ${next.state} attempts ${next.attempts} lease ${String(lease)} ${next.error?.code ?? ''}`.trimEnd();
}

const expiry: [string, Task | 'absent' | 'bad', Lease, boolean, string][] = [
  ['alive', task('claimed'), own, false, 'unchanged'],
  ['stood still', task('claimed'), own, true, 'expire: open attempts 2 lease free expired'],
  ['stood still, no tries left', task('claimed', { retryLimit: 1 }), own, true, 'expire: failed attempts 2 lease free expired'],
  ['a lock has no limit', task('claimed', { type: 'lock', retryLimit: 0 }), own, true, 'expire: open attempts 2 lease free expired'],
  ['no claim ref', task('claimed'), free, true, 'expire: open attempts 2 lease free expired'],
  ['an orphan', task('claimed'), orphan, true, 'expire: open attempts 2 lease free expired'],
  ['a claim that the task does not know', task('open'), unreadable, true, 'repair: open attempts 2 lease free'],
  ['the same, of a finished task', task('done'), orphan, true, 'repair: done attempts 2 lease free'],
  ['the same, not stood still', task('open'), unreadable, false, 'unchanged'],
  ['nothing held', task('open'), free, true, 'unchanged'],
  ['no such task', 'absent', own, true, 'refused not-found'],
  ['a note that is bad', 'bad', own, true, 'refused bad-note'],
]; // biome-ignore format: one row, one line

test.each(expiry)('expire: %s', (_name, of, lease, stood, expected) => {
  expect(say(decideExpire(seen(of, lease), stood))).toBe(expected);
});

const ends: [string, Task, 'owner-gone' | 'timeout', typeof mineA | null, string][] = [
  ['the owner is gone', task('claimed'), 'owner-gone', mineA, 'expire: open attempts 2 lease free owner-gone'],
  ['the owner of a lock is gone', task('claimed', { type: 'lock' }), 'owner-gone', mineA, 'release: open attempts 1 lease free'],
  ['the time is over', task('claimed'), 'timeout', mineA, 'fail: open attempts 2 lease free timeout'],
  ['no tries left', task('claimed', { retryLimit: 1 }), 'timeout', mineA, 'fail: failed attempts 2 lease free timeout'],
  ['not mine', task('claimed'), 'owner-gone', null, 'unchanged'],
  ['over already', task('open'), 'owner-gone', mineA, 'unchanged'],
]; // biome-ignore format: one row, one line

test.each(ends)('end: %s', (_name, of, reason, mine, expected) => {
  expect(say(decideEnd(seen(of, own), a, mine, reason))).toBe(expected);
});

test('a lease is gone when the tenure is mine and the claim ref shows another or none', () => {
  expect(leaseIsGone(seen(task('claimed'), free), a, mineA)).toBe(true);
  expect(leaseIsGone(seen(task('claimed'), orphan), a, mineA)).toBe(true);
  expect(leaseIsGone(seen(task('claimed'), own), a, mineA)).toBe(false);
  expect(leaseIsGone(seen(task('claimed'), free), a, null)).toBe(false);
});
