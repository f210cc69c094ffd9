import { expect, test } from 'vitest';
import { decideJoin, type NeedSeen } from '../../../src/domain/decide-join.ts';
import type { Seen } from '../../../src/domain/seen.ts';
import { free, orphan, seen, task } from './samples.ts';

const needs: Record<string, NeedSeen> = {
  d: { state: 'done', commit: 'd1' },
  x: { state: 'cancelled', commit: 'x1' },
  f: { state: 'failed', commit: 'f1' },
  o: { state: 'open', commit: 'o1' },
  r: { state: 'review', commit: 'r1' },
};
const join = (...ids: string[]) => task('open', { type: 'join', needs: ids });
const rows: [string, Seen, string][] = [
  ['all done or cancelled', seen(join('d', 'x')), 'keep d:done:d1 x:cancelled:x1'],
  ['nothing to wait for', seen(join()), 'keep '],
  ['with a claim that it does not know', seen(join('d'), orphan), 'free d:done:d1'],
  ['one is open', seen(join('d', 'o')), 'unchanged'],
  ['one failed: a person may retry it', seen(join('d', 'f')), 'unchanged'],
  ['one is in review', seen(join('r')), 'unchanged'],
  ['one is unknown', seen(join('?')), 'unchanged'],
  ['no join', seen(task('open', { needs: ['d'] })), 'unchanged'],
  ['done already', seen(task('done', { type: 'join', needs: ['d'] })), 'unchanged'],
  ['held by hand', seen(task('claimed', { type: 'join', needs: ['d'] })), 'unchanged'],
  ['absent', seen('absent'), 'not-found'],
  ['unreadable', seen('bad'), 'bad-note'],
  ['it went back', seen(join('d'), free, true), 'went-back'],
];

test.each(rows)('%s', (_name, what, expected) => {
  const decision = decideJoin(what, (id) => needs[id]);
  if (decision.kind === 'refused') return expect(decision.refusal.reason).toBe(expected);
  if (decision.kind !== 'write') return expect(decision.kind).toBe(expected);
  const { result, state } = decision.task;
  expect([decision.op, state]).toEqual(['join', 'done']);
  const named = (result as { needs: { id: string; state: string; commit: string }[] }).needs;
  const words = named.map(({ id, state: of, commit }) => `${id}:${of}:${commit}`).join(' ');
  return expect(`${decision.lease} ${words}`).toBe(expected);
});
