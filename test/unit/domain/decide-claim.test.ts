import { expect, test } from 'vitest';
import type { Lease } from '../../../src/domain/claim.ts';
import { type ClaimRequest, decideClaim } from '../../../src/domain/decide-claim.ts';
import type { Seen } from '../../../src/domain/seen.ts';
import type { Task } from '../../../src/domain/task.ts';
import { b, free, mineA, orphan, own, released, seen, stamp, task, unreadable } from './samples.ts';

const request: ClaimRequest = {
  ...b,
  ttlMs: 7000,
  cycle: 'new',
  mine: null,
  stoodStill: false,
  ownerIsGone: false,
  force: false,
  create: true,
  createType: 'external',
  blockedBy: [],
  queuePaused: false,
  reservationCounts: false,
  lacks: [],
};
const asA = { agent: mineA.agent, session: mineA.session, mine: mineA };
const stood = { stoodStill: true };
const gone = { ownerIsGone: true };
const lock = task('claimed', { type: 'lock' });
const force = { force: true };
const lacks = { lacks: ['rust'] };

/** In one line: what is written, or why not. */
function say(state: Seen, over: Partial<ClaimRequest>): string {
  const decision = decideClaim(state, { ...request, ...over }, stamp);
  if (decision.kind === 'refused') return `refused ${decision.refusal.reason}`;
  if (decision.kind === 'unchanged') return `unchanged ${decision.via}`;
  if (decision.kind === 'reclaim') return 'reclaim';
  const { op, via, task: next, lease } = decision;
  const leased = typeof lease === 'string' ? lease : `${lease.tenure}/${lease.ttlMs}`;
  return `${op} via ${via ?? '-'}: ${next.state} term ${next.term} attempts ${next.attempts} lease ${leased}`;
}

const won = (op: string, via: string, attempts: number): string =>
  `${op} via ${via}: claimed term 4 attempts ${attempts} lease ${stamp.nonce}/7000`;
const created = `claim via created: claimed term 1 attempts 1 lease ${stamp.nonce}/7000`;
const expired = (state: string): string => `expire via -: ${state} term 3 attempts 2 lease free`;
const reserved = { reserved: { agent: 'agent-c', ttlMs: 1000 } };

const rows: [string, Task | 'absent' | 'bad', Lease, Partial<ClaimRequest>, string][] = [
  ['an open task', task('open'), free, {}, won('claim', 'free', 3)],
  ['absence and a released record are one', task('open'), released, {}, won('claim', 'free', 3)],
  ['an unknown task', 'absent', free, {}, created],
  ['an unknown task, not to be made', 'absent', free, { create: false }, 'refused not-found'],
  ['an unknown task that plain git claimed', 'absent', unreadable, {}, 'refused held'],
  ['the same, stood still', 'absent', unreadable, stood, created.replace('created', 'takeover')],
  ['a note that is bad', 'bad', own, force, 'refused bad-note'],
  ['open, a claim that the task does not know', task('open'), orphan, {}, 'refused held'],
  ['open, an unreadable claim', task('open'), unreadable, {}, 'refused held'],
  ['the same, stood still', task('open'), unreadable, stood, won('claim', 'takeover', 3)],
  ['the same, by force', task('open'), orphan, force, won('claim', 'force', 3)],
  ['held', task('claimed'), own, {}, 'refused held'],
  ['held, no claim ref yet', task('claimed'), free, {}, 'refused held'],
  ['held, stood still', task('claimed'), own, stood, won('take-over', 'takeover', 3)],
  ['held, an orphan, stood still', task('claimed'), orphan, stood, won('take-over', 'takeover', 3)],
  ['held, by force: the attempt is given back', task('claimed'), own, force, won('take-over', 'force', 2)],
  ['no tries left: the dead letter', task('claimed', { retryLimit: 1 }), own, stood, expired('failed')],
  ['tries left to the last', task('claimed', { retryLimit: 2 }), own, stood, won('take-over', 'takeover', 3)],
  ['a lock has no limit', task('claimed', { type: 'lock', retryLimit: 0 }), own, stood, won('take-over', 'takeover', 3)],
  ['paused, stood still: expired only', task('claimed', { paused: true }), own, stood, expired('open')],
  ['blocked, stood still: expired only', task('claimed'), own, { ...stood, blockedBy: ['y'] }, expired('open')],
  ['mine', task('claimed'), own, asA, 'unchanged already-mine'],
  ['mine, whoever thinks it stood still', task('claimed'), own, { ...asA, ...stood }, 'unchanged already-mine'],
  ['mine, its owner process gone', task('claimed'), own, { ...asA, ...gone }, 'unchanged already-mine'],
  ['a lock of mine, its owner process gone', lock, own, { ...asA, ...gone }, won('take-over', 'takeover', 3)],
  ['the same, when somebody else of the session has it', lock, own, { ...asA, ...gone, mine: { ...mineA, tenure: 'T2' } }, 'refused held'],
  ['a lock of mine', lock, own, asA, 'unchanged already-mine'],
  ['mine, the claim ref gone', task('claimed'), free, asA, 'repair via already-mine: claimed term 3 attempts 2 lease T3/20000'],
  ['mine, an orphan there', task('claimed'), orphan, asA, 'repair via already-mine: claimed term 3 attempts 2 lease T3/20000'],
  ['my names, a tenure that my ledger lacks', task('claimed'), own, { ...asA, mine: null }, 'refused held'],
  ['my names, an old tenure', task('claimed'), own, { ...asA, mine: { ...mineA, tenure: 'T2' } }, 'refused held'],
  ['my agent, another session', task('claimed'), own, { ...asA, session: 's-z' }, 'refused held'],
  ['paused', task('open', { paused: true }), free, force, 'refused paused'],
  ['the queue is paused', task('open'), free, { queuePaused: true, ...force }, 'refused paused'],
  ['paused while held, by force', task('claimed', { paused: true }), own, force, 'refused paused'],
  ['blocked', task('open'), free, { blockedBy: ['y'], ...force }, 'refused blocked'],
  ['reserved', task('open', reserved), free, { reservationCounts: true, ...force }, 'refused reserved'],
  ['reserved long ago', task('open', reserved), free, {}, won('claim', 'free', 3)],
  ['without the skill', task('open'), free, lacks, 'refused lacking'],
  ['without the skill, held', task('claimed'), own, lacks, 'refused held'],
  ['without the skill, stood still', task('claimed'), own, { ...lacks, ...stood }, 'refused lacking'],
  ['without the skill, by force', task('claimed'), own, { ...lacks, ...force }, 'refused lacking'],
  ['without the skill, mine all the same', task('claimed'), own, { ...lacks, ...asA }, 'unchanged already-mine'],
  ['reserved for me', task('open', reserved), free, { reservationCounts: true, agent: 'agent-c' }, won('claim', 'free', 3)],
  ['a backoff, by id', task('open', { backoffMs: 60_000 }), free, {}, won('claim', 'free', 3)],
  ['done', task('done'), free, force, 'refused wrong-state'],
  ['failed', task('failed'), free, force, 'refused wrong-state'],
  ['cancelled', task('cancelled'), free, force, 'refused wrong-state'],
  ['in review', task('review'), free, force, 'refused wrong-state'],
]; // biome-ignore format: one row, one line

test.each(rows)('%s', (_name, of, lease, over, expected) => {
  expect(say(seen(of, lease), over)).toBe(expected);
});

test('a task that went back is not written to', () => {
  expect(say(seen(task('open'), free, true), {})).toBe('refused went-back');
});

test('blocked needs hold also for a claim by force of a held task', () => {
  expect(say(seen(task('claimed'), own), { force: true, blockedBy: ['y'] })).toBe('refused blocked');
});

test('a takeover keeps the last progress and begins a claim of its own', () => {
  const decision = decideClaim(seen(task('claimed'), own), { ...request, stoodStill: true }, stamp);
  if (decision.kind !== 'write' || typeof decision.lease === 'string') throw new Error('nothing was written');
  expect(decision.task.progress?.text).toBe('half');
  expect(decision.task.holder).toEqual({ ...b, tenure: stamp.nonce, ttlMs: 7000 });
  expect(decision.lease).toMatchObject({ ...b, term: 4, tenure: stamp.nonce, cycle: 'new', beat: 0, progress: null });
});

test('a lease that is put back has a new cycle and the tenure, term and ttl that stand', () => {
  const decision = decideClaim(seen(task('claimed'), free), { ...request, ...asA }, stamp);
  if (decision.kind !== 'write') throw new Error('nothing was written');
  expect(decision.lease).toMatchObject({ tenure: 'T3', term: 3, ttlMs: 20_000, cycle: 'new', beat: 0 });
  expect(decision.task).toEqual(task('claimed'));
});
