import { expect, test } from 'vitest';
import { type AssignRequest, decideAssign } from '../../../src/domain/decide-assign.ts';
import type { Decision } from '../../../src/domain/decision.ts';
import { beginTenure, cancelled } from '../../../src/domain/tenure.ts';
import { b, free, own, seen, stamp, task } from './samples.ts';

const anna = { agent: 'anna', ttlMs: 5000 };
const forAnna = { assignee: 'anna', reserved: anna };
const say = (decision: Decision): string => {
  if (decision.kind === 'refused') return `refused ${decision.refusal.reason}`;
  if (decision.kind !== 'write') return decision.kind;
  const { state, assignee, reserved } = decision.task;
  return `${decision.op}: ${state} for ${assignee ?? 'nobody'} ${reserved?.ttlMs ?? '-'} lease ${String(decision.lease)}`;
};
const ask = (over: Partial<AssignRequest> = {}): AssignRequest => ({
  to: anna,
  capabilities: null,
  reservationCounts: true,
  ...over,
});
const rust = task('open', { requires: ['rust', 'sql'] });

const rows: [string, Decision, string][] = [
  ['an open task', decideAssign(seen(task('open')), ask()), 'assign: open for anna 5000 lease keep'],
  ['one that is held', decideAssign(seen(task('claimed'), own), ask()), 'assign: claimed for anna 5000 lease keep'],
  ['the same again', decideAssign(seen(task('open', forAnna)), ask()), 'unchanged'],
  ['the same when its time has passed', decideAssign(seen(task('open', forAnna)), ask({ reservationCounts: false })), 'assign: open for anna 5000 lease keep'],
  ['for longer', decideAssign(seen(task('open', forAnna)), ask({ to: { ...anna, ttlMs: 6000 } })), 'assign: open for anna 6000 lease keep'],
  ['for another', decideAssign(seen(task('open', forAnna)), ask({ to: { ...anna, agent: 'ben' } })), 'assign: open for ben 5000 lease keep'],
  ['for nobody', decideAssign(seen(task('open', forAnna)), ask({ to: null })), 'assign: open for nobody - lease keep'],
  ['for nobody again', decideAssign(seen(task('open')), ask({ to: null })), 'unchanged'],
  ['with the skills', decideAssign(seen(rust), ask({ capabilities: ['sql', 'rust'] })), 'assign: open for anna 5000 lease keep'],
  ['without one', decideAssign(seen(rust), ask({ capabilities: ['sql'] })), 'refused lacking'],
  ['an agent that nobody knows', decideAssign(seen(rust), ask()), 'assign: open for anna 5000 lease keep'],
  ['one that is done', decideAssign(seen(task('done')), ask()), 'refused wrong-state'],
  ['one in review', decideAssign(seen(task('review')), ask()), 'refused wrong-state'],
  ['an unknown one', decideAssign(seen('absent'), ask()), 'refused not-found'],
  ['one that went back', decideAssign(seen(task('open'), free, true), ask()), 'refused went-back'],
  ['a bad note', decideAssign(seen('bad'), ask()), 'refused bad-note'],
]; // biome-ignore format: one row, one line

test.each(rows)('%s', (_name, decision, expected) => {
  expect(say(decision)).toBe(expected);
});

test('names the skills that are missing', () => {
  expect(decideAssign(seen(rust), ask({ capabilities: ['sql'] }))).toMatchObject({
    refusal: { agent: 'anna', skills: ['rust'] },
  });
});

test('a reservation ends with the claim that it was for, and with the task', () => {
  const reserved = task('open', forAnna);
  const none = { assignee: null, reserved: null };
  expect(beginTenure(reserved, 1, { ...b, ttlMs: 1000, cycle: 'c' }, stamp).task).toMatchObject(none);
  expect(cancelled(reserved, free, null)).toMatchObject(none);
});
