import { expect, test } from 'vitest';
import { type Holder, holderIn, type Standing, standingOf } from '../../../../src/hooks/tool/standing.ts';
import type { HeldEntry } from '../../../../src/store/held-ledger.ts';

const us = { agent: 'anna', sessions: ['s-1', 's-2'] };
const entry = (agent: string, session: string, lost = false) => ({ agent, session, state: { lost } }) as HeldEntry;
const holder = (agent: string, session: string): Holder => ({ agent, session, claimedAt: '' });
const [ours, otherSession, ben] = [holder('anna', 's-2'), holder('anna', 's-9'), holder('ben', 's-1')];

test.each<[string, HeldEntry | null, boolean, Holder | null, Standing]>([
  ['ours', entry('anna', 's-1'), true, ben, { kind: 'held', renew: false }],
  ['ours by another id', entry('anna', 's-2'), true, null, { kind: 'held', renew: false }],
  ['ours, lost', entry('anna', 's-1', true), false, ben, { kind: 'lost', holder: ben }],
  ['ours, lost to nobody', entry('anna', 's-1', true), false, null, { kind: 'lost', holder: null }],
  ['ours, lost, the claim shown is old', entry('anna', 's-1', true), false, ours, { kind: 'lost', holder: null }],
  ['ours, over, taken', entry('anna', 's-1'), false, otherSession, { kind: 'lost', holder: otherSession }],
  ['ours, over', entry('anna', 's-1'), false, ours, { kind: 'held', renew: true }],
  ['ours, over, nothing shown', entry('anna', 's-1'), false, null, { kind: 'held', renew: true }],
  ["another session's", entry('anna', 's-9'), true, otherSession, { kind: 'others', holder: otherSession }],
  ["another's", null, false, ben, { kind: 'others', holder: ben }],
  [
    "another's, by the ledger",
    entry('ben', 's-1'),
    false,
    null,
    { kind: 'others', holder: expect.objectContaining(ben) },
  ],
  ['ours elsewhere, not in this clone', null, false, ours, { kind: 'others', holder: ours }],
  ["nobody's", null, false, null, { kind: 'nobody' }],
])('%s', (_what, one, fresh, shown, standing) => {
  expect(standingOf(us, { entry: one, fresh, shown: () => shown })).toEqual(standing);
});

test('a claim that the clone shows', () => {
  const commit = (note: string) => `tree x\nauthor y\n\nhold: api {by} x\n\n${note}\n`;
  const held = { state: 'held', agent: 'ben', session: 's', claimedAt: '2026-01-01T00:00:00.000Z' };
  expect(holderIn(commit(JSON.stringify(held, null, 2)))).toEqual({
    agent: 'ben',
    session: 's',
    claimedAt: held.claimedAt,
  });
  expect(holderIn(commit('{"state":"released"}'))).toBe(null);
  for (const odd of ['', 'by plain git', '{', 'null', '{"state":"held"}'])
    expect(holderIn(commit(odd))?.agent, odd).toMatch(/^un/);
});
