import { expect, test } from 'vitest';
import {
  decideAdd,
  decideCancel,
  decideEdit,
  decideNeeds,
  decideNote,
  decideRetry,
} from '../../../src/domain/decide-edit.ts';
import type { Decision } from '../../../src/domain/decision.ts';
import { limits, type Task } from '../../../src/domain/task.ts';
import { free, orphan, own, seen, stamp, task } from './samples.ts';

function say(decision: Decision): string {
  if (decision.kind === 'refused') return `refused ${decision.refusal.reason}`;
  if (decision.kind !== 'write') return decision.kind;
  return `${decision.op}: ${decision.task.state} attempts ${decision.task.attempts} lease ${String(decision.lease)}`;
}

const input = { id: 'x', title: 'X', priority: 3 };
const added = task('claimed', { priority: 3 });
const rows: [string, Decision, string][] = [
  ['add', decideAdd(seen('absent'), input, stamp), 'add: open attempts 0 lease keep'],
  ['add again, whatever became of it', decideAdd(seen(added, own), input, stamp), 'unchanged'],
  ['add other content', decideAdd(seen(added, own), { ...input, title: 'Y' }, stamp), 'refused exists'],
  ['add over a bad note', decideAdd(seen('bad'), input, stamp), 'refused bad-note'],
  ['edit', decideEdit(seen(task('open')), { title: 'Y' }), 'edit: open attempts 2 lease keep'],
  ['edit while claimed', decideEdit(seen(task('claimed'), own), { title: 'Y' }), 'edit: claimed attempts 2 lease keep'],
  ['edit nothing', decideEdit(seen(task('open')), { title: 'X' }), 'unchanged'],
  ['edit what is done', decideEdit(seen(task('done')), { title: 'Y' }), 'refused wrong-state'],
  ['edit what is unknown', decideEdit(seen('absent'), { title: 'Y' }), 'refused not-found'],
  ['add what went back', decideAdd(seen('absent', free, true), { id: 'x', title: 'X' }, stamp), 'refused went-back'],
  ['edit what went back', decideEdit(seen(task('open'), free, true), { title: 'Y' }), 'refused went-back'],
  ['need nothing new', decideNeeds(seen(task('open', { needs: ['a'] })), { add: ['a'] }), 'unchanged'],
  ['need more while claimed', decideNeeds(seen(task('claimed'), own), { add: ['a'] }), 'edit: claimed attempts 2 lease keep'],
  ['need less', decideNeeds(seen(task('open', { needs: ['a'] })), { remove: ['a'] }), 'edit: open attempts 2 lease keep'],
  ['need for what is done', decideNeeds(seen(task('done')), { add: ['a'] }), 'refused wrong-state'],
  ['need for what is unknown', decideNeeds(seen('absent'), { add: ['a'] }), 'refused not-found'],
  ['note on what is done', decideNote(seen(task('done')), 'hm', stamp), 'edit: done attempts 2 lease keep'],
  ['cancel', decideCancel(seen(task('open')), 'no'), 'cancel: cancelled attempts 2 lease keep'],
  ['cancel while claimed', decideCancel(seen(task('claimed'), own), null), 'cancel: cancelled attempts 2 lease free'],
  ['cancel, a claim it does not know', decideCancel(seen(task('open'), orphan), null), 'cancel: cancelled attempts 2 lease free'],
  ['cancel again', decideCancel(seen(task('cancelled')), null), 'unchanged'],
  ['cancel what is done', decideCancel(seen(task('done')), null), 'refused wrong-state'],
  ['retry the dead letter', decideRetry(seen(task('failed'))), 'retry: open attempts 0 lease keep'],
  ['retry what was cancelled', decideRetry(seen(task('cancelled'))), 'retry: open attempts 0 lease keep'],
  ['retry out of a backoff', decideRetry(seen(task('open', { backoffMs: 9 }))), 'retry: open attempts 0 lease keep'],
  ['retry what is fresh', decideRetry(seen(task('open', { attempts: 0 }))), 'unchanged'],
  ['retry what is held', decideRetry(seen(task('claimed'), own)), 'refused wrong-state'],
  ['retry what is done', decideRetry(seen(task('done'))), 'refused wrong-state'],
]; // biome-ignore format: one row, one line

test.each(rows)('%s', (_name, decision, expected) => {
  expect(say(decision)).toBe(expected);
});

test('an edit leaves the tenure, a note the oldest notes beyond the bound', () => {
  const edited = written(decideEdit(seen(task('claimed'), own), { title: 'Y' }));
  expect(edited).toEqual(task('claimed', { title: 'Y' }));
  const notes = Array.from({ length: limits.remarks }, (_, n) => ({ by: 'b', at: stamp.at, text: String(n) }));
  const noted = written(decideNote(seen(task('open', { notes })), 'new', stamp));
  expect(noted.notes).toHaveLength(limits.remarks);
  expect(noted.notes.at(-1)?.text).toBe('new');
  expect(noted.notes[0]?.text).toBe('1');
});

test('cancelling keeps the last progress and says why', () => {
  const cancelled = written(decideCancel(seen(task('claimed'), own), 'no need'));
  expect(cancelled).toMatchObject({ holder: null, progress: { text: 'half' }, error: { message: 'no need' } });
});

function written(decision: Decision): Task {
  if (decision.kind !== 'write') throw new Error('nothing was written');
  return decision.task;
}
