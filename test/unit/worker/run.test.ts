import { expect, test, vi } from 'vitest';
import { stayActive } from '../../../src/coordinator/stay-active.ts';
import type { TaskView } from '../../../src/domain/view.ts';
import { CoordError } from '../../../src/errors.ts';
import { handlerWork } from '../../../src/worker/run/handler-work.ts';
import { leftToDo } from '../../../src/worker/run/left-to-do.ts';
import { progressLine } from '../../../src/worker/run/progress-line.ts';
import { ProgressReporter } from '../../../src/worker/run/progress-reporter.ts';
import { utilization } from '../../../src/worker/run/utilization.ts';

test.each([
  ['::progress 40 tests pass', { percent: 40, text: 'tests pass' }],
  ['::progress 40% tests pass', { percent: 40, text: 'tests pass' }],
  ['::progress 99.5', { percent: 99.5, text: '' }],
  ['::progress tests pass\r', { percent: null, text: 'tests pass' }],
  ['::progress 3 of 7', { percent: 3, text: 'of 7' }],
  ['::progress 3rd try', { percent: null, text: '3rd try' }],
  ['::progress 250 files', { percent: null, text: '250 files' }],
  ['::progress', null],
  ['::progressing 40', null],
  [' ::progress 40', null],
  ['progress 40', null],
])('%j', (line, news) => {
  expect(progressLine(line)).toEqual(news);
});

test('utilization is the share of the time for which there was work', () => {
  expect(utilization([])).toBe(null);
  const half = { freeMs: 0, ran: { fromMs: 2, toMs: 7 }, endMs: 10 };
  expect(utilization([half])).toBe(0.5);
  expect(utilization([half, { freeMs: 100, ran: { fromMs: 100, toMs: 110 }, endMs: 110 }])).toBe(0.75);
  expect(utilization([half, { freeMs: 20, ran: null, endMs: 30 }])).toBe(0.25);
});

const task = (id: string, more: Partial<TaskView> = {}): TaskView =>
  ({ id, state: 'open', type: 'task', needs: [], requires: [], ...more }) as TaskView;

test.each<[string, TaskView[], string[]]>([
  [
    'what is open, and what others hold',
    [task('a'), task('b', { state: 'claimed' }), task('c', { state: 'done' })],
    ['a', 'b'],
  ],
  ['not what failed or waits for people', [task('a', { state: 'failed' }), task('b', { state: 'review' })], []],
  ['not what is claimed by name', [task('a', { type: 'external' }), task('b', { type: 'lock' })], []],
  ['not what needs another skill', [task('a', { requires: ['cobol'] }), task('b', { requires: ['js'] })], ['b']],
  [
    'what waits for such tasks',
    [task('a'), task('b', { needs: ['a'] }), task('c', { needs: ['b', 'd'] }), task('d', { state: 'done' })],
    ['a', 'b', 'c'],
  ],
  [
    'not what waits for a failure, a review or nothing',
    [
      task('f', { state: 'failed' }),
      task('v', { state: 'review' }),
      task('a', { needs: ['f'] }),
      task('b', { needs: ['v'] }),
      task('c', { needs: ['nobody'] }),
      task('d', { needs: ['c'] }),
    ],
    [],
  ],
  ['not what waits for itself', [task('a', { needs: ['b'] }), task('b', { needs: ['a'] })], []],
  ['not what waits for a skill that nobody has', [task('a', { requires: ['cobol'] }), task('b', { needs: ['a'] })], []],
  ['what waits for a skill that another has', [task('a', { requires: ['rust'] }), task('b', { needs: ['a'] })], ['b']],
  [
    'what somebody does who has the skill',
    [task('a', { requires: ['cobol'], state: 'claimed' }), task('b', { needs: ['a'] })],
    ['b'],
  ],
])('left to do: %s', (_, tasks, left) => {
  const skills = { own: ['js'], others: [['rust']] };
  expect(leftToDo(tasks, skills, () => true).map(({ id }) => id)).toEqual(left);
  expect(leftToDo(tasks, skills, () => false)).toEqual([]);
});

test('of news that come in a crowd the newest is told, and a failure to tell is none', async () => {
  vi.useFakeTimers();
  const told: string[] = [];
  let release = (): void => {};
  const reporter = new ProgressReporter(async ({ text }) => {
    told.push(text);
    if (text === 'first') await new Promise<void>((resolve) => (release = resolve));
    if (text === 'third') throw new CoordError('unavailable', 'the remote is away');
  }, 1000);
  const say = (text: string) => reporter.say({ text, percent: null });
  for (const text of ['first', 'second', 'third']) say(text);
  release();
  await vi.advanceTimersByTimeAsync(999);
  expect(told).toEqual(['first']);
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual(['first', 'third']);
  say('fourth');
  await reporter.end();
  say('fifth');
  await vi.advanceTimersByTimeAsync(5000);
  expect(told).toEqual(['first', 'third']);
  vi.useRealTimers();
});

test('a ledger that cannot be written, as on a full disk, ends no work', () => {
  const put = () => {
    throw new CoordError('unavailable', 'no space left');
  };
  const context = { held: { get: () => ({ state: {} }), put }, clock: { bootMs: () => 1 } };
  expect(() => stayActive(context as unknown as Parameters<typeof stayActive>[0], 'a')).not.toThrow();
});

test('a type that is called as every object has something is no handler', async () => {
  const work = handlerWork({ known: () => 1 });
  const attempt = { task: task('a', { type: 'constructor' }), dir: '/', term: 1, signal: new AbortController().signal };
  const result = await work.run({ ...attempt, progress: () => {} } as unknown as Parameters<typeof work.run>[0]);
  expect(result).toMatchObject({ kind: 'failed' });
});

test('a handler that does not heed its signal is not waited for', async () => {
  vi.useFakeTimers();
  const stop = new AbortController();
  const work = handlerWork({ '*': () => new Promise(() => {}) });
  const attempt = { task: task('a'), dir: '/', term: 1, signal: stop.signal, progress: () => {} };
  const result = work.run(attempt as unknown as Parameters<typeof work.run>[0]);
  stop.abort();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await result).toMatchObject({ kind: 'failed' });
  vi.useRealTimers();
});
