import { expect, test } from 'vitest';
import { decideRestore, type Loss, type LossStanding } from '../../../src/domain/decide-restore.ts';
import { objectToStep } from '../../../src/domain/guard-step.ts';
import type { Task, TaskState } from '../../../src/domain/task.ts';
import { note, task } from './samples.ts';

const review = { branch: 'refs/heads/task/x', commit: 'w', target: 'refs/heads/main', from: 'm' };
const reviewed = (state: TaskState): Task => task(state, state === 'review' ? { review } : {});
const carried = { ...review, commit: 'landed' };

const nothingThere = { termThere: 0, isHeldThere: false, carried: null };

/** Of term 3, in its second attempt. */
function say(standing: LossStanding, state: TaskState, more: Partial<Loss> = {}) {
  const decision = decideRestore({ ...nothingThere, standing, kept: reviewed(state), ...more });
  if (!('task' in decision)) return decision.kind;
  const { state: then, term, attempts, holder } = decision.task;
  return `${decision.kind}: ${then} ${term} ${attempts}${holder ? ' held' : ''}`;
}

test.each<[TaskState, string, string, string]>([
  // last seen    gone or behind             put back by another  elsewhere
  ['open', 'reopened: open 1003 2', 'on top: open 2003 2', 'left'],
  ['claimed', 'reopened: open 1003 1', 'on top: open 2003 1', 'left'],
  ['review', 'reopened: review 1003 2', 'on top: review 2003 2', 'left'],
  ['failed', 'reopened: failed 1003 2', 'on top: failed 2003 2', 'left'],
  ['done', 'put back', 'on top: done 1003 2', 'left'],
  ['cancelled', 'put back', 'on top: cancelled 1003 2', 'left'],
])('last seen %s', (state, lost, restored, elsewhere) => {
  expect(say('gone', state)).toBe(lost);
  expect(say('behind', state)).toBe(lost);
  expect(say('restored', state, { termThere: 1003 })).toBe(restored);
  expect(say('elsewhere', state, { termThere: 1003, carried })).toBe(elsewhere);
});

test('what the target carries comes back in review of that, unless it was in review or dead already', () => {
  expect(say('gone', 'claimed', { carried })).toBe('reopened: review 1003 2');
  expect(say('behind', 'open', { carried })).toBe('reopened: review 1003 2');
  expect(say('restored', 'claimed', { carried, termThere: 1000 })).toBe('on top: review 2000 2');
  expect(decideRestore({ ...nothingThere, standing: 'gone', kept: task('open'), carried })).toMatchObject({
    task: { review: carried },
  });
  expect(say('gone', 'failed', { carried })).toBe('reopened: failed 1003 2');
  expect(say('gone', 'done', { carried })).toBe('put back');
});

test('nothing of the tenure that was lost is left, and the term never falls', () => {
  const kept = task('claimed', { reserved: { agent: 'b', ttlMs: 5000 } });
  expect(decideRestore({ ...nothingThere, standing: 'gone', kept })).toMatchObject({
    task: { holder: null, reserved: null },
  });
  expect(say('restored', 'done', { termThere: 1 })).toBe('on top: done 3 2');
});

test('who holds by now what another clone had put back is left to it, unless the task was finished', () => {
  const held = { isHeldThere: true, termThere: 1001 };
  expect(say('restored', 'claimed', held)).toBe('left');
  expect(say('restored', 'done', held)).toBe('on top: done 1001 2');
});

test("a server's hooks take what is put on a log", () => {
  for (const state of ['open', 'claimed', 'review', 'failed'] as const)
    for (const landedOn of [null, carried]) {
      const kept = reviewed(state);
      for (const [standing, there] of [
        ['behind', kept],
        ['restored', task('open', { term: 1003 })],
      ] as const) {
        const now = { ...nothingThere, termThere: there.term, carried: landedOn };
        const decision = decideRestore({ ...now, standing, kept });
        if (!('task' in decision)) throw new Error(decision.kind);
        expect(objectToStep(there, { ...note(decision.task), op: 'repair' })).toBeNull();
      }
    }
});
