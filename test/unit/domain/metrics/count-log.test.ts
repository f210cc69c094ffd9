import { expect, test } from 'vitest';
import { countLog, type LogStep } from '../../../../src/domain/metrics/count-log.ts';
import { noTotals } from '../../../../src/domain/metrics/totals.ts';
import type { TaskOp, TaskState } from '../../../../src/domain/task.ts';
import { task } from '../samples.ts';

const minute = 60_000;
const step = (op: TaskOp, state: TaskState, atMinutes: number): LogStep => ({
  op,
  at: new Date(minute * atMinutes).toISOString(),
  task: task(state, { type: 'code' }),
});
const history = [
  step('add', 'open', 0),
  step('claim', 'claimed', 1),
  step('take-over', 'claimed', 3),
  step('fail', 'open', 4),
  step('claim', 'claimed', 6),
  step('expire', 'open', 7),
  null,
  step('claim', 'claimed', 8),
  step('fail', 'failed', 9),
  step('note' as TaskOp, 'failed', 9),
  step('retry', 'open', 10),
  step('claim', 'claimed', 11),
  step('done', 'done', 15),
];

test('what a log says: how tenures ended, retries, dead letters, takeovers', () => {
  const totals = noTotals();
  countLog(totals, history, 0);
  expect(totals.counts).toEqual({
    '["tasks_added_total"]': 1,
    '["takeovers_total"]': 1,
    '["claims_expired_total"]': 1,
    '["retries_total"]': 3,
    '["dead_letters_total"]': 1,
    '["tenures_ended_total","agent-a","code","failed"]': 4,
    '["tenures_ended_total","agent-a","code","succeeded"]': 1,
  });
  expect(totals.times['["task_run_seconds","succeeded"]']?.sumMs).toBe(4 * minute);
  expect(totals.times['["task_run_seconds","failed"]']?.sumMs).toBe((2 + 1 + 1 + 1) * minute);
  expect(totals.times['["task_wait_seconds"]']?.sumMs).toBe((1 + 0 + 2 + 1 + 1) * minute);
});

test('however often it is looked at, each step counts once', () => {
  const whole = noTotals();
  countLog(whole, history, 0);
  for (let first = 0; first <= history.length; first++) {
    const totals = noTotals();
    countLog(totals, history.slice(0, first), 0);
    countLog(totals, history, first);
    expect(totals).toEqual(whole);
  }
});

test('a claim of what was not there makes a task', () => {
  const totals = noTotals();
  countLog(totals, [step('claim', 'claimed', 0), step('done', 'done', 1)], 0);
  expect(totals.counts['["tasks_added_total"]']).toBe(1);
});
