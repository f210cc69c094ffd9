import { expect, test } from 'vitest';
import { decideReviewEnd } from '../../../src/domain/decide-review-end.ts';
import type { Task } from '../../../src/domain/task.ts';
import { free, seen, task } from './samples.ts';

const review = { branch: 'refs/heads/task/x', commit: 'w', target: 'refs/heads/main', from: 'm' };
const landed = { ref: 'refs/heads/main', from: 'm', commit: 'w' };

test.each<[string, Task | 'absent' | 'bad', string]>([
  ['the review that was looked at', task('review', { review }), 'done'],
  ['another review', task('review', { review: { ...review, commit: 'w2' } }), 'unchanged'],
  ['claimed again', task('claimed'), 'unchanged'],
  ['done', task('done', { review }), 'unchanged'],
  ['absent', 'absent', 'unchanged'],
  ['bad', 'bad', 'unchanged'],
])('%s', (_name, of, expected) => {
  const decision = decideReviewEnd(seen(of, free), review, landed);
  expect(decision.kind === 'write' ? decision.task.state : decision.kind).toBe(expected);
  if (decision.kind === 'write')
    expect(decision).toMatchObject({ op: 'done', task: { landed, review }, lease: 'keep' });
});

test('what went back is not written to', () => {
  expect(decideReviewEnd(seen(task('review', { review }), free, true), review, landed).kind).toBe('refused');
});
