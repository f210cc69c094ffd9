import { describe, expect, test } from 'vitest';
import type { Lease } from '../../../src/domain/claim.ts';
import { type ClaimRequest, decideClaim } from '../../../src/domain/decide-claim.ts';
import { decideAdd, decideCancel, decideEdit, decideNote, decideRetry } from '../../../src/domain/decide-edit.ts';
import { decideEnd, decideExpire } from '../../../src/domain/decide-expire.ts';
import { decideFinish, type FinishOp } from '../../../src/domain/decide-finish.ts';
import { decideLandingRepair } from '../../../src/domain/decide-landing-repair.ts';
import { decideReviewEnd } from '../../../src/domain/decide-review-end.ts';
import type { Decision } from '../../../src/domain/decision.ts';
import { isLanding, objectToMerge } from '../../../src/domain/guard-branch.ts';
import { objectToFirst, objectToStep } from '../../../src/domain/guard-step.ts';
import { judgeTask, type TaskChange } from '../../../src/domain/guard-task.ts';
import type { Seen } from '../../../src/domain/seen.ts';
import { type Task, type TaskNote, type TaskOp, type TaskState, taskOps } from '../../../src/domain/task.ts';
import { a, b, claim, free, mineA, note, orphan, own, released, seen, stamp, task, unreadable } from './samples.ts';

const states: TaskState[] = ['open', 'claimed', 'review', 'done', 'failed', 'cancelled'];
const review = { branch: 'refs/heads/task/x', commit: 'w', target: 'refs/heads/main', from: 'm' };
const landed = { ref: 'refs/heads/main', from: 'm', commit: 'w' };
const step = (op: TaskOp, of: Task, nonce = stamp.nonce): TaskNote => ({ ...note(of), op, nonce });

describe('one commit after another', () => {
  const begins = (op: TaskOp) => op === 'claim' || op === 'take-over';
  /** The records of a transition, as they have to be where it is allowed at all. */
  function after(op: TaskOp, to: TaskState, before: Task): Task {
    const tenure = { holder: { ...b, tenure: stamp.nonce, ttlMs: 20_000 }, term: 4, review: null, landed: null };
    const kept = { holder: to === 'claimed' ? before.holder : null, review: before.review };
    return task(to, begins(op) ? tenure : { ...kept, ...(op === 'review' && { review }) });
  }
  const all = (from: TaskState) => (from === 'review' ? task(from, { review }) : task(from));
  const joined = (of: Task, op: TaskOp): Task => (op === 'join' ? { ...of, type: 'join' } : of);

  test('leads where protocol 3 says, and nowhere else', () => {
    const allowed = taskOps.map((op) => {
      const ways = states.flatMap((from) =>
        states
          .filter((to) => objectToStep(joined(all(from), op), step(op, joined(after(op, to, all(from)), op))) === null)
          .map((to) => `${from}>${to}`),
      );
      return `${op}: ${ways.join(' ')}`;
    });
    const same = 'open>open claimed>claimed review>review done>done failed>failed cancelled>cancelled';
    expect(allowed).toEqual([
      'add: ',
      `edit: ${same}`,
      'claim: open>claimed',
      'release: claimed>open',
      'expire: claimed>open claimed>failed',
      'take-over: claimed>claimed',
      'fail: claimed>open claimed>failed',
      'done: claimed>done review>done',
      'review: claimed>review',
      'reopen: review>open done>open',
      'cancel: open>cancelled claimed>cancelled review>cancelled failed>cancelled',
      `pause: ${same}`,
      `resume: ${same}`,
      `assign: ${same}`,
      'retry: open>open review>open failed>open cancelled>open',
      'join: open>done',
      `repair: ${same}`,
    ]);
  });

  const held = { ...b, tenure: stamp.nonce, ttlMs: 20_000 };
  test.each<[string, Task, TaskNote, RegExp]>([
    ['another task', task('open'), step('edit', task('open', { id: 'y' })), /record is of y/],
    ['done as a join, which it is not', task('open'), step('join', task('done')), /no join/],
    ['a task that becomes a join', task('open'), step('edit', task('open', { type: 'join' })), /does not become a join/],
    ['a term that jumps', task('open'), step('claim', task('claimed', { term: 5, holder: held })), /next term is 4/],
    ['a term that stays', task('open'), step('claim', task('claimed', { holder: held })), /next term is 4/],
    ['a tenure of another name', task('open'), step('claim', task('claimed', { term: 4 })), /not named by/],
    ['a tenure that has landed', task('open'), step('claim', task('claimed', { term: 4, holder: held, landed })), /neither/],
    ['a term that an edit moves', task('open'), step('edit', task('open', { term: 4 })), /does not change the term/],
    ['a term that a release lowers', task('claimed'), step('release', task('open', { term: 2 })), /does not change the term/],
    ['another holder', task('claimed'), step('edit', task('claimed', { holder: held })), /who holds it/],
    ['a longer lease', task('claimed'), step('edit', task('claimed', { holder: { ...a, tenure: 'T3', ttlMs: 1 } })), /who holds it/],
    ['a landing by an edit', task('done'), step('edit', task('done', { landed })), /where the work landed/],
    ['a landing by a repair', task('done'), step('repair', task('done', { landed })), /where the work landed/],
    ['restored in review of nothing', task('open'), step('repair', task('review', { term: 1003 })), /nothing is named/],
    ['restored too near', task('claimed'), step('repair', task('open', { term: 1002 })), /does not lead from claimed/],
    ['restored, but held', task('claimed'), step('repair', task('claimed', { term: 1003 })), /restored as claimed/],
    ['restored as done', task('open'), step('repair', task('done', { term: 1003 })), /restored as done/],
    ['restored from done', task('done'), step('repair', task('open', { term: 1003 })), /that is done is not restored/],
    ['restored with a landing', task('open'), step('repair', task('open', { term: 1003, landed })), /where the work landed/],
    ['another landing by a repair', task('done', { landed }), step('repair', task('done', { landed: { ...landed, commit: 'v' } })), /where/],
    ['a review by an edit', task('review', { review }), step('edit', task('review', { review: { ...review, commit: 'v' } })), /what is in review/],
    ['a review of nothing', task('claimed'), step('review', task('review')), /nothing is named/],
    ['done with what was not reviewed', task('review', { review }), step('done', task('done', { review, landed: { ...landed, commit: 'v' } })), /not what was reviewed/],
    ['done elsewhere than reviewed', task('review', { review }), step('done', task('done', { review, landed: { ...landed, ref: 'refs/heads/dev' } })), /not what was reviewed/],
  ])('%s', (_name, before, next, expected) => {
    expect(objectToStep(before, next)).toMatch(expected);
  }); // biome-ignore format: a table

  test.each<[string, TaskNote, boolean, RegExp | null]>([
    ['added', step('add', task('open', { term: 0 })), false, null],
    ['added with a term', step('add', task('open')), false, /its term is 0/],
    ['added with a past', step('add', task('open', { term: 0 })), true, /no past/],
    ['claimed', step('claim', task('claimed', { term: 1, holder: held })), false, null],
    ['claimed at term 2', step('claim', task('claimed', { term: 2, holder: held })), false, /next term is 1/],
    ['restored', step('repair', task('open', { term: 1003 })), true, null],
    ['restored in review', step('repair', task('review', { term: 1003, review })), true, null],
    ['restored as done', step('repair', task('done', { term: 1003 })), true, null],
    ['imported as failed', step('repair', task('failed', { term: 0 })), false, null],
    ['restored as landed', step('repair', task('done', { landed })), true, /neither landed/],
    ['restored as claimed', step('repair', task('claimed', { term: 1003 })), true, /begins as claimed/],
    ['landed', step('done', task('done', { landed })), false, /neither landed/],
    ['edited', step('edit', task('open', { term: 0 })), false, /no task begins/],
    ['another', step('add', task('open', { id: 'y', term: 0 })), false, /record is of y/],
  ])('a log that begins: %s', (_name, first, hasPast, expected) => {
    if (expected === null) expect(objectToFirst('x', first, hasPast)).toBeNull();
    else expect(objectToFirst('x', first, hasPast)).toMatch(expected);
  });
});

describe('a task and its claim', () => {
  const nothing = { id: 'x', hasPast: false, deleted: false, bookBegins: false, archived: false };
  const change = (before: Task | null, steps: TaskNote[], from: Lease, to: Lease, more: Partial<TaskChange> = {}) =>
    judgeTask({ ...nothing, before, steps, lease: { before: from, after: to }, ...more });
  const beat: Lease = { kind: 'held', oid: 'k-beat', claim: claim({ beat: 6 }) };
  const stolen: Lease = { kind: 'held', oid: 'k-stolen', claim: claim({ agent: 'ben' }) };
  const taken = task('claimed', { term: 4, holder: { ...b, tenure: stamp.nonce, ttlMs: 20_000 } });
  const theirs: Lease = { kind: 'held', oid: 'k2', claim: claim({ ...b, term: 4, tenure: stamp.nonce }) };
  const [none, done] = [[] as TaskNote[], [step('done', task('done'))]];

  test.each<[string, Task | null, TaskNote[], Lease, Lease, RegExp | null]>([
    ['a beat', task('claimed'), none, own, beat, null],
    ['a beat of another', task('claimed'), none, own, stolen, /says something else/],
    ['a claim deleted', task('claimed'), none, own, free, /moves only as the task does/],
    ['a claim given back by a record', task('claimed'), none, own, released, /moves only/],
    ['a claim taken by plain git', task('claimed'), none, own, unreadable, /moves only/],
    ['a claim put back alone', task('claimed'), none, free, own, /only in one push with a repair/],
    ['a claim put back with a repair', task('claimed'), [step('repair', task('claimed'))], free, own, null],
    ['an orphan over nothing', task('claimed'), none, free, orphan, null],
    ['an orphan with an edit', task('claimed'), [step('edit', task('claimed'))], free, orphan, /is another's/],
    ['an orphan away', task('claimed'), none, orphan, free, null],
    ['anything on an open task', task('open'), none, unreadable, orphan, null],
    ['anything on no task', null, none, free, unreadable, null],
    ['an edit while held', task('claimed'), [step('edit', task('claimed'))], own, own, null],
    ['done', task('claimed'), done, own, free, null],
    ['done, by a record', task('claimed'), done, own, released, null],
    ['done, its claim gone before', task('claimed'), done, free, free, null],
    ['done, its claim left', task('claimed'), done, own, own, /left behind/],
    ['done, its claim beaten', task('claimed'), done, own, beat, /left behind/],
    ['taken over', task('claimed'), [step('take-over', taken)], own, theirs, null],
    ['taken over, the claim left', task('claimed'), [step('take-over', taken)], own, own, /missing in the push/],
    ['taken over, the claim gone', task('claimed'), [step('take-over', taken)], own, free, /missing in the push/],
    ['taken over for another', task('claimed'), [step('take-over', taken)], own, { ...theirs, claim: claim({ term: 4, tenure: stamp.nonce }) } as Lease, /says something else/],
  ])('%s', (_name, before, steps, from, to, expected) => {
    const { objection } = change(before, steps, from, to);
    if (expected === null) expect(objection).toBeNull();
    else expect(objection).toMatch(expected);
  }); // biome-ignore format: a table

  test.each<[string, Task | null, boolean, Lease, RegExp | null]>([
    ['done and archived', task('done'), true, free, null],
    ['cancelled and archived', task('cancelled'), true, free, null],
    ['not archived', task('done'), false, free, /with the archive/],
    ['unfinished', task('failed'), true, free, /done or cancelled/],
    ['unreadable', null, true, free, /done or cancelled/],
    ['with a claim', task('done'), true, orphan, /left behind/],
  ])('deleted: %s', (_name, before, archived, lease, expected) => {
    const { objection } = change(before, [], lease, lease, { deleted: true, archived });
    if (expected === null) expect(objection).toBeNull();
    else expect(objection).toMatch(expected);
  });

  test('says which branches may move with it, and which must', () => {
    const lands = [step('done', task('done', { landed }))];
    expect(change(task('claimed'), lands, own, free)).toMatchObject({ landings: [landed], required: [landed] });
    const was = task('done', { landed });
    expect(change(was, [step('repair', was)], free, free)).toMatchObject({ landings: [landed], required: [] });
    expect(change(was, [step('edit', was)], free, free)).toMatchObject({ landings: [], required: [] });
    expect(change(was, [step('reopen', task('open'))], free, free)).toMatchObject({ undone: [landed], landings: [] });
    const reviewed = [step('done', task('done', { review, landed }))];
    expect(change(task('review', { review }), reviewed, free, free)).toMatchObject({ landings: [], required: [] });
  });

  test('whatever the deciders write passes', () => {
    const leases = [free, released, own, orphan, unreadable];
    const records = [
      'absent' as const,
      ...states.map((state) => task(state, { review: state === 'review' ? review : null })),
      task('done', { landed }),
    ];
    const request: ClaimRequest = {
      ...b, ttlMs: 20_000, cycle: 'c', mine: null, stoodStill: false, ownerIsGone: false, force: false, create: true, createType: 'external',
      blockedBy: [], queuePaused: false, reservationCounts: false, lacks: [],
    }; // biome-ignore format: one list
    const finish = (op: FinishOp) => (of: Seen) =>
      decideFinish(
        of,
        {
          ...a,
          op,
          mine: mineA,
          ended: null,
          result: 1,
          landed,
          review,
          error: { code: 'failed', message: 'm' },
          random: 0,
        },
        stamp,
      );
    const deciders: ((of: Seen) => Decision)[] = [
      (of) => decideClaim(of, request, stamp),
      (of) => decideClaim(of, { ...request, force: true }, stamp),
      (of) => decideClaim(of, { ...request, stoodStill: true }, stamp),
      (of) => decideClaim(of, { ...request, ...a, mine: mineA }, stamp),
      (of) => decideAdd(of, { id: 'x', title: 'X' }, stamp),
      (of) => decideEdit(of, { title: 'Y' }),
      (of) => decideNote(of, 'hm', stamp),
      (of) => decideCancel(of, 'no'),
      decideRetry,
      (of) => decideExpire(of, true),
      (of) => decideEnd(of, a, mineA, 'owner-gone'),
      (of) => decideEnd(of, a, mineA, 'timeout'),
      ...(['release', 'done', 'fail', 'review'] as const).map(finish),
      (of) => decideReviewEnd(of, review, landed),
      (of) => decideLandingRepair(of, 'at-from'),
      (of) => decideLandingRepair(of, 'elsewhere'),
    ];
    let written = 0;
    for (const of of records)
      for (const lease of leases)
        for (const decide of deciders) {
          const decision = decide(seen(of, lease));
          if (decision.kind !== 'write') continue;
          const next: Lease =
            decision.lease === 'keep'
              ? lease
              : decision.lease === 'free'
                ? free
                : { kind: 'held', oid: 'k-new', claim: decision.lease };
          const before = of === 'absent' ? null : of;
          const { objection } = change(before, [step(decision.op, decision.task)], lease, next);
          expect([decision.op, of === 'absent' ? of : of.state, lease.oid, objection]).toEqual([
            decision.op,
            of === 'absent' ? of : of.state,
            lease.oid,
            null,
          ]);
          written++;
        }
    expect(written).toBeGreaterThan(150);
  });
});

describe('a protected branch', () => {
  const main = { ref: 'refs/heads/main', from: 'm', to: 'w' };
  test('lands exactly where a task says', () => {
    expect(isLanding(main, [{ ...landed, commit: 'v' }, landed])).toBe(true);
    for (const other of [{ ref: 'refs/heads/dev' }, { from: 'l' }, { commit: 'v' }])
      expect(isLanding(main, [{ ...landed, ...other }])).toBe(false);
    expect(isLanding(main, [])).toBe(false);
  });

  const w = { oid: 'w', parents: ['m'] };
  const e = { oid: 'e', parents: ['m'] };
  const merge = (...parents: string[]) => ({ oid: 'merge', parents });
  test.each<[string, Parameters<typeof objectToMerge>[0], RegExp | null]>([
    ['backwards', null, /lose commits/],
    ['nothing reviewed', { fresh: [w], unreviewed: [w] }, /nothing of it was in review/],
    ['nothing reviewed, a merge', { fresh: [merge('m', 'w'), w], unreviewed: [merge('m', 'w'), w] }, /nothing of it/],
    ['all reviewed', { fresh: [w], unreviewed: [] }, null],
    ['a merge of reviewed work', { fresh: [merge('m', 'w'), w], unreviewed: [merge('m', 'w')] }, null],
    ['a stray commit beside it', { fresh: [merge('e', 'w'), e, w], unreviewed: [merge('e', 'w'), e] }, /^e was in no/],
    ['a merge of old commits', { fresh: [merge('m', 'l'), w], unreviewed: [merge('m', 'l')] }, /^merge was in no/],
  ])('merges: %s', (_name, facts, expected) => {
    if (expected === null) expect(objectToMerge(facts)).toBeNull();
    else expect(objectToMerge(facts)).toMatch(expected);
  });
});
