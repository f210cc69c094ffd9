import { expect, test } from 'vitest';
import type { TaskState } from '../../../src/domain/task.ts';
import type { TaskView } from '../../../src/domain/view.ts';
import { workflowView } from '../../../src/domain/workflow-view.ts';
import { task } from './samples.ts';

type Written = readonly [id: string, state: TaskState, needs?: string, more?: Partial<TaskView>];
const view = ([id, state, needs = '', more]: Written): TaskView => ({
  ...task(state, { id, needs: needs.split(' ').filter(Boolean), result: state === 'done' ? `of ${id}` : null }),
  ready: false,
  blockedBy: [],
  updatedAt: '',
  claim: null,
  ...more,
});
const of = (...all: Written[]) => workflowView('w', all.map(view), all.map(view));
const join = { type: 'join' };

test.each<[string, string, Written[]]>([
  ['something is open', 'running', [['a', 'done'], ['b', 'open', 'a']]],
  ['something is held', 'running', [['a', 'failed'], ['b', 'claimed']]],
  ['something is in review', 'running', [['a', 'review']]],
  ['all is done', 'done', [['a', 'done'], ['b', 'done', 'a']]],
  ['one was skipped', 'done', [['a', 'done'], ['b', 'cancelled', '', { error: { code: 'need-failed', message: '' } }]]],
  ['a part was cancelled', 'cancelled', [['a', 'done'], ['b', 'cancelled']]],
  ['one failed, the rest waits for it', 'failed', [['a', 'failed'], ['b', 'open', 'a'], ['c', 'open', 'b']]],
  ['one failed, all else is done', 'failed', [['a', 'failed'], ['b', 'done']]],
  ['one failed, another goes on', 'running', [['a', 'failed'], ['b', 'open', 'a'], ['c', 'open']]],
  ['one that is to be skipped is about to be', 'running', [['a', 'failed'], ['b', 'open', 'a', { onNeedFailed: 'skip' }]]],
  ['a join goes on after what was cancelled', 'running', [['a', 'cancelled'], ['b', 'open', 'a', join]]],
  ['another task does not', 'failed', [['a', 'cancelled'], ['b', 'open', 'a']]],
  ['a need is nowhere', 'failed', [['a', 'open', 'nowhere']]],
  ['all was cancelled', 'cancelled', [['a', 'cancelled'], ['b', 'cancelled']]],
])('%s: %s', (_what, state, tasks) => {
  expect(of(...tasks).state).toBe(state);
}); // biome-ignore format: one row, one line

test('results of what nobody needs; those of a join are of all that it needs', () => {
  const { results, counts } = of(
    ['a', 'done'],
    ['b', 'done'],
    ['x', 'cancelled'],
    ['all', 'done', 'a b x', join],
    ['c', 'done'],
  );
  expect(results).toEqual({ all: { a: 'of a', b: 'of b' }, c: 'of c' });
  expect(counts).toEqual({ done: 4, cancelled: 1 });
});

test('a chain of five thousand', () => {
  const chain = Array.from({ length: 5000 }, (_, n): Written => [`t${n}`, 'open', n < 4999 ? `t${n + 1}` : 'nowhere']);
  expect(of(...chain).state).toBe('failed');
});
