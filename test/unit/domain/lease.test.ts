import { expect, test } from 'vitest';
import { beatIsAllowed, nextBeat } from '../../../src/domain/beat.ts';
import {
  beatsInCycle,
  clampIntervalMs,
  graceMs,
  intervalMs,
  marginMs,
  pollMs,
  sightingGapMaxMs,
  standstillMs,
} from '../../../src/domain/lease-times.ts';
import { expiryBasis, fits } from '../../../src/domain/seen.ts';
import { type Expected, settle } from '../../../src/domain/settle.ts';
import { backoffMsAfter } from '../../../src/domain/tenure.ts';
import { claim, free, orphan, own, released, seen, task, unreadable } from './samples.ts';

test('a beat goes round; news and a lapse begin a new cycle', () => {
  let at = claim({ beat: 0 });
  const oids = new Set<string>();
  for (let n = 0; n < 200; n++) {
    at = nextBeat(at, null, false, 'other');
    oids.add(JSON.stringify(at));
  }
  expect(oids.size).toBe(beatsInCycle);
  const news = { text: 'more', percent: null, at: 'now' };
  expect(nextBeat(at, news, false, 'other')).toMatchObject({ beat: 0, cycle: 'other', progress: news });
  expect(nextBeat(at, null, true, 'other')).toMatchObject({ beat: 0, cycle: 'other', progress: at.progress });
});

test('beats are half an interval apart, so that a cycle takes longer than a gap between sightings', () => {
  expect(beatIsAllowed(6000, 2999)).toBe(false);
  expect(beatIsAllowed(6000, 3000)).toBe(true);
  for (const ttlMs of [1000, 20_000, 86_400_000]) {
    const shortestMs = clampIntervalMs(ttlMs, 1) / 2;
    expect(shortestMs * beatsInCycle).toBeGreaterThan(sightingGapMaxMs(ttlMs));
  }
});

test('the times of a lease', () => {
  expect([intervalMs(20_000), marginMs(20_000), graceMs(20_000), pollMs(20_000)]).toEqual([6667, 2000, 800, 2000]);
  expect([graceMs(1000), standstillMs(1000), clampIntervalMs(20_000, 'auto')]).toEqual([500, 1500, 6667]);
  expect([clampIntervalMs(20_000, 1), clampIntervalMs(20_000, 1e9)]).toEqual([2500, 6667]);
});

test('the two refs fit, or are read again', () => {
  for (const good of [
    seen(task('claimed'), own),
    seen(task('open'), free),
    seen(task('open'), released),
    seen('absent'),
    seen('bad', orphan),
  ])
    expect(fits(good)).toBe(true);
  for (const bad of [
    seen(task('claimed'), free),
    seen(task('claimed'), orphan),
    seen(task('open'), own),
    seen('absent', own),
    seen(task('open'), unreadable),
  ])
    expect(fits(bad)).toBe(false);
});

const bases = [
  ['the lease of the tenure', seen(task('claimed'), own), { ref: 'claims', oid: 'k-own', ttlMs: 20_000 }],
  ['claimed without a lease', seen(task('claimed'), free), { ref: 'board', oid: 'tip', ttlMs: 20_000 }],
  ['claimed, an orphan', seen(task('claimed'), orphan), { ref: 'board', oid: 'tip', ttlMs: 20_000 }],
  ['open, an orphan', seen(task('open'), orphan), { ref: 'claims', oid: 'k-orphan', ttlMs: 5000 }],
  ['open, unreadable', seen(task('open'), unreadable), { ref: 'claims', oid: 'k-bad', ttlMs: 1_800_000 }],
  ['no task, held', seen('absent', own), { ref: 'claims', oid: 'k-own', ttlMs: 20_000 }],
  ['nothing held', seen(task('open'), released), null],
  ['a bad note', seen('bad', own), null],
] as const;

test.each(bases)('what must stand still: %s', (_name, state, basis) => {
  expect(expiryBasis(state)).toEqual(basis);
});

const expected: Expected = {
  taskFrom: 'tip',
  taskTo: 'ours',
  claimFrom: 'k-own',
  claim: { kind: 'free' },
  holderTenure: 'T3',
};
const moved = { ...own, oid: 'k-later', claim: claim({ beat: 6 }) };
const settles = [
  ['it is in the log', { ...expected, taskFrom: 'before' }, seen(task('open'), free), true, { kind: 'applied' }],
  ['it is the tip', { ...expected, taskTo: 'tip', taskFrom: 'before' }, seen(task('open')), false, { kind: 'applied' }],
  ['another is the tip', { ...expected, taskFrom: 'before' }, seen(task('open'), free), false, { kind: 'superseded' }],
  ['gone', expected, seen('absent'), false, { kind: 'superseded' }],
  ['nothing moved', expected, seen(task('claimed'), own), false, { kind: 'resend', claimFrom: 'k-own' }],
  ['a beat moved it', expected, seen(task('claimed'), moved), false, { kind: 'resend', claimFrom: 'k-later' }],
  ['the claim ref vanished', expected, seen(task('claimed'), free), false, { kind: 'resend', claimFrom: null }],
  [
    'a beat moved it, and it was a takeover',
    { ...expected, holderTenure: null },
    seen(task('claimed'), moved),
    false,
    { kind: 'superseded' },
  ],
  ['another claim came', expected, seen(task('claimed'), orphan), false, { kind: 'superseded' }],
  [
    'the claim is not touched',
    { ...expected, claim: { kind: 'keep' as const }, holderTenure: null },
    seen(task('claimed'), moved),
    false,
    { kind: 'resend', claimFrom: 'k-later' },
  ],
  [
    'a creation, not yet there',
    { ...expected, taskFrom: null, claimFrom: null },
    seen('absent'),
    false,
    { kind: 'resend', claimFrom: null },
  ],
] as const;

test.each(settles)('settle: %s', (_name, of, state, ancestor, answer) => {
  expect(settle(of, state, ancestor)).toEqual(answer);
});

test('a backoff doubles, with jitter, up to an hour', () => {
  expect([1, 2, 3, 100].map((attempts) => backoffMsAfter(attempts, 0))).toEqual([5000, 10_000, 20_000, 1_800_000]);
  expect(backoffMsAfter(100, 0.999)).toBeLessThanOrEqual(3_600_000);
});
