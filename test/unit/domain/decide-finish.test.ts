import { expect, test } from 'vitest';
import type { Lease } from '../../../src/domain/claim.ts';
import { decideFinish, type FinishRequest } from '../../../src/domain/decide-finish.ts';
import type { Seen } from '../../../src/domain/seen.ts';
import type { Task } from '../../../src/domain/task.ts';
import { a, b, free, mineA, orphan, own, seen, stamp, task } from './samples.ts';

const request: FinishRequest = {
  ...a,
  op: 'done',
  mine: mineA,
  ended: null,
  result: { pr: 1 },
  error: { code: 'failed', message: 'no' },
  random: 0,
};

function say(state: Seen, over: Partial<FinishRequest>): string {
  const decision = decideFinish(state, { ...request, ...over }, stamp);
  if (decision.kind === 'refused') {
    const { refusal } = decision;
    return `refused ${refusal.reason}${refusal.reason === 'lost' ? ` ${refusal.how}` : ''}`;
  }
  if (decision.kind !== 'write') return decision.kind;
  const { op, task: next, lease } = decision;
  return `${op}: ${next.state} attempts ${next.attempts} backoff ${next.backoffMs} lease ${String(lease)}`;
}

const release = { op: 'release' as const };
const fail = { op: 'fail' as const };
const review = { op: 'review' as const };
const goOn = { op: 'go-on' as const };
const ended = { mine: null, ended: { ...mineA, op: 'done' as const } };
const displaced = { mine: null, ended: { ...mineA, op: 'lost' as const } };
const lapsed = task('open');
const taken = task('claimed', { holder: { ...b, tenure: 'T4', ttlMs: 1000 }, term: 4 });

const rows: [string, Task | 'absent' | 'bad', Lease, Partial<FinishRequest>, string][] = [
  ['done', task('claimed'), own, {}, 'done: done attempts 2 backoff 0 lease free'],
  ['done, lapsed, the claim ref gone: still mine', task('claimed'), free, {}, 'done: done attempts 2 backoff 0 lease free'],
  ['done, an orphan there', task('claimed'), orphan, {}, 'done: done attempts 2 backoff 0 lease free'],
  ['release gives the attempt back', task('claimed'), own, release, 'release: open attempts 1 backoff 0 lease free'],
  ['fail with tries left', task('claimed'), own, fail, 'fail: open attempts 2 backoff 10000 lease free'],
  ['fail, with jitter as the request says', task('claimed'), own, { ...fail, random: 0.5 }, 'fail: open attempts 2 backoff 15000 lease free'],
  ['fail for the last time', task('claimed', { retryLimit: 1 }), own, fail, 'fail: failed attempts 2 backoff 0 lease free'],
  ['fail of a lock', task('claimed', { type: 'lock', retryLimit: 0 }), own, fail, 'fail: open attempts 2 backoff 10000 lease free'],
  ['send to review', task('claimed'), own, review, 'review: review attempts 2 backoff 0 lease free'],
  ['pruned: sending to review claims again', lapsed, free, review, 'reclaim'],
  ['taken over: nothing is sent to review', taken, free, review, 'refused lost taken-over'],
  ['go on', task('claimed'), own, goOn, 'unchanged'],
  ['pruned: done claims again', lapsed, free, {}, 'reclaim'],
  ['pruned: going on claims again', lapsed, free, goOn, 'reclaim'],
  ['pruned: release is lost', lapsed, free, release, 'refused lost expired'],
  ['pruned: fail is lost', lapsed, free, fail, 'refused lost expired'],
  ['pruned, and had by another since', task('open', { term: 4 }), free, {}, 'refused lost taken-over'],
  ['put back after the remote had lost it', task('open', { term: 1003 }), free, {}, 'refused lost restored'],
  ['taken over', taken, free, {}, 'refused lost taken-over'],
  ['taken over, the ended one asks again', taken, free, ended, 'refused lost taken-over'],
  ['held by another', taken, free, { mine: null }, 'refused held'],
  ['my names, a tenure that my ledger lacks', task('claimed'), own, { mine: null }, 'refused held'],
  ['my tenure, another session asks', task('claimed'), own, { session: 's-z' }, 'refused held'],
  ['a repeat of done', task('done'), free, ended, 'unchanged'],
  ['done, and released then', task('done'), free, { ...ended, ...release }, 'refused lost ended'],
  ['a repeat, but another has had it since', task('done', { term: 5 }), free, ended, 'refused lost ended'],
  ['taken over in this clone, and finished', task('done', { term: 4 }), free, displaced, 'refused lost taken-over'],
  ['in review: done by its former holder', task('review'), free, ended, 'done: done attempts 2 backoff 0 lease keep'],
  ['in review: done by anybody', task('review'), free, { mine: null }, 'done: done attempts 2 backoff 0 lease keep'],
  ['in review: not released', task('review'), free, { mine: null, ...release }, 'refused not-claimed'],
  ['in review: a repeat of sending it there', task('review'), free, { mine: null, ended: { ...mineA, op: 'review' }, ...review }, 'unchanged'],
  ['cancelled', task('cancelled'), free, {}, 'refused lost cancelled'],
  ['failed: the last attempt expired', task('failed'), free, {}, 'refused lost expired'],
  ['finished without me', task('done'), free, {}, 'refused lost finished'],
  ['nobody holds it, and I did not', task('open'), free, { mine: null }, 'refused not-claimed'],
  ['it is done, and not by me', task('done'), free, { mine: null }, 'refused wrong-state'],
  ['it was cancelled, and was not mine', task('cancelled'), free, { mine: null, ...release }, 'refused wrong-state'],
  ['it is done, and plain git claims it', task('done'), orphan, { mine: null }, 'refused held'],
  ['unknown', 'absent', free, {}, 'refused not-found'],
  ['a note that is bad', 'bad', free, {}, 'refused bad-note'],
]; // biome-ignore format: one row, one line

test.each(rows)('%s', (_name, of, lease, over, expected) => {
  expect(say(seen(of, lease), over)).toBe(expected);
});

test('what went back is not written to', () => {
  expect(say(seen(task('claimed'), own, true), {})).toBe('refused went-back');
});

test('what landed, and what is in review, is said by the task', () => {
  const landed = { ref: 'refs/heads/main', from: 'm', commit: 'm2' };
  const review = { branch: 'refs/heads/task/x', commit: 'w', target: 'refs/heads/main', from: 'm' };
  const state = seen(task('claimed'), own);
  expect(decideFinish(state, { ...request, landed }, stamp)).toMatchObject({ task: { state: 'done', landed } });
  const sent = decideFinish(state, { ...request, op: 'review', review }, stamp);
  expect(sent).toMatchObject({ task: { state: 'review', review, holder: null } });
});

test.each(['release', 'done', 'fail', 'review'] as const)('%s keeps the last progress', (op) => {
  const decision = decideFinish(seen(task('claimed'), own), { ...request, op }, stamp);
  if (decision.kind !== 'write') throw new Error('nothing was written');
  expect(decision.task.progress?.text).toBe('half');
  expect(decision.task.holder).toBeNull();
});
