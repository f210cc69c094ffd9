import { expect, test } from 'vitest';
import { objectToFirst } from '../../../src/domain/guard-step.ts';
import type { TaskState } from '../../../src/domain/task.ts';
import { decideImport, type TaskPast, taskRecord } from '../../../src/domain/task-record.ts';
import { note, seen, stamp, task } from './samples.ts';

const input = { id: 'x', title: 'X', needs: [] };
const notes = [{ by: 'agent-c', at: stamp.at, text: 'mind' }];
const past = (state: TaskState): TaskPast => ({ state, result: { n: 1 }, createdBy: 'agent-c', notes });
const error = { code: 'failed', message: 'no' };

test.each<[string, TaskPast | undefined, string]>([
  ['nothing is said', undefined, 'add open null agent-b'],
  ['open', past('open'), 'add open null agent-c'],
  ['held elsewhere', past('claimed'), 'add open null agent-c'],
  ['in review elsewhere', past('review'), 'add open null agent-c'],
  ['done', past('done'), 'repair done {"n":1} agent-c'],
  ['failed', { ...past('failed'), result: null, error }, 'repair failed null agent-c'],
  ['cancelled', past('cancelled'), 'repair cancelled {"n":1} agent-c'],
])('a task that is not there, %s', (_, was, said) => {
  const decision = decideImport(seen('absent'), { ...input, past: was }, stamp);
  if (decision.kind !== 'write') throw new Error(decision.kind);
  const { op, task: made } = decision;
  expect(`${op} ${made.state} ${JSON.stringify(made.result)} ${made.createdBy}`).toBe(said);
  expect(made).toMatchObject({
    term: 0,
    attempts: 0,
    holder: null,
    notes: was ? notes : [],
    error: was?.error ?? null,
  });
  expect('past' in made).toBe(false);
  // a server's hooks take it
  expect(objectToFirst('x', { ...note(made), op }, false)).toBeNull();
});

test('what is there is left as it is, whatever became of it; other content is refused', () => {
  const there = (state: TaskState) => seen(task(state));
  for (const state of ['open', 'claimed', 'done'] as const)
    expect(decideImport(there(state), { ...input, past: past('done') }, stamp).kind).toBe('unchanged');
  expect(decideImport(there('open'), { ...input, title: 'Y' }, stamp)).toMatchObject({ refusal: { reason: 'exists' } });
  expect(decideImport(seen('absent', undefined, true), input, stamp)).toMatchObject({
    refusal: { reason: 'went-back' },
  });
});

test('a record has what somebody said and what came of it', () => {
  const record = taskRecord(task('done', { result: 7, landed: { ref: 'r', from: 'a', commit: 'b' }, progress: null }));
  expect(record).toMatchObject({ id: 'x', state: 'done', result: 7 });
  for (const key of ['term', 'attempts', 'holder', 'landed', 'review', 'progress'])
    expect(record).not.toHaveProperty(key);
});
