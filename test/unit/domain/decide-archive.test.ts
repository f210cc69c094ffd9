import { expect, test } from 'vitest';
import { dueForArchive, sightedMsMin } from '../../../src/domain/decide-archive.ts';
import type { TaskView } from '../../../src/domain/view.ts';

type Given = Parameters<typeof dueForArchive>[0][number];

const day = 24 * 3_600_000;
const nowMs = Date.parse('2026-03-10T00:00:00.000Z');
const task = (id: string, change: Partial<Given> = {}): Given => ({
  id,
  state: 'done',
  needs: [],
  workflow: null,
  updatedAt: '2026-03-09T00:00:00.000Z',
  claim: null,
  ...change,
});
const held = { agent: 'x' } as unknown as TaskView['claim'];
const policy = { all: false, afterMs: 7 * day, above: 100 };
const old = { updatedAt: '2026-03-01T00:00:00.000Z' };

test.each<[string, Given[], Partial<typeof policy>, string[]]>([
  ['old enough', [task('a', old), task('b')], {}, ['a']],
  ['cancelled too', [task('a', { ...old, state: 'cancelled' })], {}, ['a']],
  ['not what failed: somebody may open it again', [task('a', { ...old, state: 'failed' })], {}, []],
  ['not what is in review', [task('a', { ...old, state: 'review' })], {}, []],
  ['not with a claim on it', [task('a', { ...old, claim: held })], {}, []],
  ['not what is needed', [task('a', old), task('b', { state: 'open', needs: ['a'] })], {}, []],
  ['what was needed by what is over', [task('a', old), task('b', { ...old, needs: ['a'] })], {}, ['a', 'b']],
  [
    'not of a workflow that goes on',
    [task('a', { ...old, workflow: 'w' }), task('b', { state: 'open', workflow: 'w' })],
    {},
    [],
  ],
  ['a whole workflow', [task('a', { ...old, workflow: 'w' }), task('b', { ...old, workflow: 'w' })], {}, ['a', 'b']],
  ['the oldest above the bound', [task('a'), task('b', old), task('c')], { above: 2, afterMs: 30 * day }, ['b']],
  ['all that may', [task('a'), task('b', { state: 'open' })], { all: true }, ['a']],
  ['a time that is none does not count as old', [task('a', { updatedAt: 'soon' })], {}, []],
])('%s', (_what, tasks, change, due) => {
  expect(dueForArchive(tasks, () => sightedMsMin, nowMs, { ...policy, ...change })).toEqual(due);
});

test('nothing that this store has not seen for an hour, however old it says that it is', () => {
  const tasks = [task('a', old), task('b', old)];
  const sightedMs = (id: string) => (id === 'a' ? sightedMsMin - 1 : sightedMsMin);
  expect(dueForArchive(tasks, sightedMs, nowMs, { ...policy, all: true })).toEqual(['b']);
});
