import { expect, test } from 'vitest';
import type { QueueNote } from '../../../src/domain/agent.ts';
import { decideQueue, pausedText, type QueueChange } from '../../../src/domain/decide-queue.ts';

const queue = (paused: boolean, ...labels: string[]): QueueNote => ({ v: 1, kind: 'queue', paused, labels });
const pause = (...labels: string[]): QueueChange => ({ paused: true, labels });
const resume = (...labels: string[]): QueueChange => ({ paused: false, labels });

test.each<[string, QueueNote | null, QueueChange, QueueNote | null]>([
  ['pause all', null, pause(), queue(true)],
  ['pause all again', queue(true), pause(), null],
  ['resume what never was', null, resume(), null],
  ['resume all keeps the labels', queue(true, 'a'), resume(), queue(false, 'a')],
  ['pause labels beside others', queue(true, 'a'), pause('b', 'a'), queue(true, 'a', 'b')],
  ['pause labels again', queue(false, 'a', 'b'), pause('b'), null],
  ['resume one of two', queue(false, 'a', 'b'), resume('a', 'c'), queue(false, 'b')],
  ['resume a label that is not paused', queue(true, 'a'), resume('b'), null],
])('%s', (_name, now, change, after) => {
  expect(decideQueue(now, change)).toEqual(after);
});

test('in words', () => {
  const said = [null, queue(false), queue(true), queue(true, 'a'), queue(false, 'a', 'b')].map(pausedText);
  expect(said).toEqual([
    null,
    null,
    'the whole queue is paused',
    'the whole queue is paused, and tasks with the label a',
    'tasks with the label a or b are paused',
  ]);
});
