import fc from 'fast-check';
import { expect, test } from 'vitest';
import { generateTaskId, isId, parseId } from '../../../src/domain/ids.ts';
import { blockers, lacking, queueOrder, type ReadinessContext } from '../../../src/domain/readiness.ts';
import type { Task, TaskState } from '../../../src/domain/task.ts';
import { isRefName } from '../../../src/transport/check-updates.ts';
import { task } from './samples.ts';

const states: Record<string, TaskState> = { ready: 'done', busy: 'claimed', gone: 'cancelled' };
const context: ReadinessContext = {
  stateOf: (id) => states[id],
  queue: null,
  tipAgeMs: 500,
  leaseHeld: false,
  agent: 'agent-a',
};
const paused = { v: 1, kind: 'queue', paused: true, labels: [] } as const;
const reserved = { agent: 'agent-b', ttlMs: 1000 };

const rows: [string, Task, Partial<ReadinessContext>, string[]][] = [
  ['ready', task('open'), {}, []],
  ['claimed', task('claimed'), {}, ['state']],
  ['needs', task('open', { needs: ['ready', 'busy', 'gone', 'nowhere'] }), {}, ['need', 'need', 'need']],
  ['paused', task('open', { paused: true }), {}, ['paused']],
  ['all paused', task('open'), { queue: { ...paused, labels: [] } }, ['paused']],
  ['a label paused', task('open', { labels: ['api'] }), { queue: { ...paused, paused: false, labels: ['api'] } }, ['paused']],
  ['another label paused', task('open', { labels: ['ui'] }), { queue: { ...paused, paused: false, labels: ['api'] } }, []],
  ['reserved', task('open', { reserved }), {}, ['reserved']],
  ['reserved for me', task('open', { reserved }), { agent: 'agent-b' }, []],
  ['reserved, run out', task('open', { reserved }), { tipAgeMs: 1000 }, []],
  ['a backoff', task('open', { backoffMs: 501 }), {}, ['backoff']],
  ['a backoff, over', task('open', { backoffMs: 500 }), {}, []],
  ['external', task('open', { type: 'external' }), {}, ['external']],
  ['a lock', task('open', { type: 'lock' }), {}, ['external']],
  ['a claim it does not know', task('open'), { leaseHeld: true }, ['held']],
]; // biome-ignore format: one row, one line

test.each(rows)('%s', (_name, of, over, why) => {
  expect(blockers(of, { ...context, ...over }).map((blocker) => blocker.why)).toEqual(why);
});

test('higher priority first, then older, then by id', () => {
  const one = (id: string, priority: number, createdAt: string) => ({ id, priority, createdAt });
  const sorted = [one('d', 0, '2'), one('c', 0, '1'), one('b', 0, '1'), one('a', 5, '9')].sort(queueOrder);
  expect(sorted.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  expect(lacking({ requires: ['x', 'y'] }, ['y'])).toEqual(['x']);
});

test.each(['a', 'build-api', 'v1.2', '0', 'a_b', 'a'.repeat(64), 'console', 'com10'])('%s is an id', (id) => {
  expect(isId(id)).toBe(true);
  expect(isRefName(`refs/board/${id}`)).toBe(true);
});

const noIds = [
  '',
  'A',
  '-a',
  '.a',
  'a..b',
  'a.',
  'a.lock',
  'a/b',
  'a b',
  'ä',
  'con',
  'nul.txt',
  'com1',
  'a'.repeat(65),
  'a\n',
];
test.each(noIds)('%j is no id', (id) => {
  expect(isId(id)).toBe(false);
});

test('capitals are folded, and every id is the name of a ref', () => {
  expect(parseId('PROJ-12')).toBe('proj-12');
  expect(() => parseId('a/b')).toThrow(/is no task id/);
  const near = fc.stringMatching(/^[A-Za-z0-9._~-]{0,66}$/);
  fc.assert(fc.property(fc.oneof(near, fc.string()), (text) => !isId(text) || isRefName(`refs/board/${text}`)));
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (x) => isId(generateTaskId(() => x))),
  );
});
