import { expect, test } from 'vitest';
import { countLine } from '../../../../src/domain/metrics/count-line.ts';
import {
  commandCounters,
  commandHistograms,
  logCounters,
  logHistograms,
} from '../../../../src/domain/metrics/definitions.ts';
import { exposition } from '../../../../src/domain/metrics/exposition.ts';
import {
  count,
  counterFamily,
  histogramFamily,
  noTotals,
  type Totals,
  time,
} from '../../../../src/domain/metrics/totals.ts';
import { readExposition, valueIn } from '../../../helpers/exposition.ts';

const served = (totals: Totals) =>
  readExposition(
    exposition([
      counterFamily(totals, logCounters.ended),
      counterFamily(totals, commandCounters.claims),
      counterFamily(totals, commandCounters.pushes),
      histogramFamily(totals, logHistograms.run),
    ]),
  );
const ended = (agent: string, type: string) => ({ agent, type, result: 'failed' });

test('what is known to come is 0 from the start; what others name is not there before', () => {
  const families = served(noTotals());
  for (const result of ['won', 'lost', 'unknown', 'refused', 'error'])
    expect(valueIn(families, 'git_coord_claims_total', { result })).toBe(0);
  expect(valueIn(families, 'git_coord_pushes_total')).toBe(0);
  expect(valueIn(families, 'git_coord_task_run_seconds_count', { result: 'failed' })).toBe(0);
  expect(families.has('git_coord_tenures_ended_total')).toBe(false);
});

test('a histogram: each value in the first bound that holds it, the sum in seconds', () => {
  const totals = noTotals();
  for (const ms of [0, 1000, 1001, 90_000, 10 ** 9]) time(totals, logHistograms.run, ['failed'], ms);
  // clocks of others
  for (const ms of [-5, Number.NaN, Number.POSITIVE_INFINITY]) time(totals, logHistograms.run, ['failed'], ms);
  const families = served(totals);
  const upTo = (le: string) => valueIn(families, 'git_coord_task_run_seconds_bucket', { result: 'failed', le });
  expect([upTo('1'), upTo('5'), upTo('60'), upTo('300'), upTo('86400'), upTo('+Inf')]).toEqual([3, 4, 4, 5, 5, 6]);
  expect(valueIn(families, 'git_coord_task_run_seconds_sum', { result: 'failed' })).toBe(1_000_092.001);
});

test('one absurd clock does not drown the sum', () => {
  const totals = noTotals();
  time(totals, logHistograms.run, ['failed'], 1e15);
  expect(valueIn(served(totals), 'git_coord_task_run_seconds_sum', { result: 'failed' })).toBe(366 * 24 * 3600);
});

test('hostile names are labels and nothing else', () => {
  const totals = noTotals();
  const names = [
    '"} 1\ngit_coord_pushes_total 99',
    'back\\slash"quote',
    'new\nline',
    '\x1b[31mred\u202e',
    'lone \ud800 half',
    '__proto__',
    '',
    'x'.repeat(100_000),
  ];
  for (const name of names) for (let n = 0; n < 2; n++) count(totals, logCounters.ended, [name, name, 'failed']);
  const families = served(JSON.parse(JSON.stringify(totals)) as Totals);
  expect(valueIn(families, 'git_coord_pushes_total')).toBe(0);
  const value = (name: string) => valueIn(families, 'git_coord_tenures_ended_total', ended(name, name));
  expect(value('"} 1 git_coord_pushes_total 99')).toBe(2);
  expect(value('back\\slash"quote')).toBe(2);
  expect(value('new line')).toBe(2);
  expect(value('[31mred')).toBe(2);
  expect(value('lone \ufffd half')).toBe(2);
  expect(value('__proto__')).toBe(2);
  expect(value('')).toBe(2);
  expect(value('x'.repeat(100))).toBe(2);
});

test('series are bounded: who comes late is counted as other, who was there first goes on', () => {
  const totals = noTotals();
  for (let n = 0; n < 1000; n++) count(totals, logCounters.ended, [`a${n}`, `t${n}`, 'failed']);
  count(totals, logCounters.ended, ['a3', 't3', 'failed']);
  count(totals, logCounters.ended, ['a999', 't999', 'failed']);
  const families = served(totals);
  const samples = families.get('git_coord_tenures_ended_total')?.samples ?? [];
  expect(samples.length).toBeLessThanOrEqual(403);
  expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(1002);
  expect(valueIn(families, 'git_coord_tenures_ended_total', ended('a3', 't3'))).toBe(2);
  expect(valueIn(families, 'git_coord_tenures_ended_total', ended('other', 'other'))).toBe(601);
});

test.each([
  ['a command', { op: 'claim', result: 'ok', pushes: 1 }, ['commands_total', { command: 'claim', result: 'ok' }, 1]],
  ['a daemon', { op: 'daemon keep', result: 'ok', pushes: 3 }, ['pushes_total', {}, 3]],
  ['a claim', { measured: [['claim', 'won', 12, 1]] }, ['claims_total', { result: 'won' }, 1]],
  ['its time', { measured: [['claim', 'lost', 12, 1]] }, ['claim_duration_seconds_sum', {}, 0.012]],
  ['no time', { measured: [['claim', 'refused', 12, 1]] }, ['claim_duration_seconds_sum', {}, 0]],
  ['beats', { measured: [['renew', 'renewed', 100, 70]] }, ['renew_duration_seconds_sum', {}, 7]],
  ['a look', { measured: [['look', 'ok', 30, 1]] }, ['round_trip_duration_seconds_count', { operation: 'look' }, 1]],
  ['a sweep', { measured: [['sweep', 'error', 30, 1]] }, ['sweeps_total', { result: 'error' }, 1]],
  ['fenced', { measured: [['fenced', 'lost', 0, 1]] }, ['fenced_refusals_total', {}, 1]],
  ['an unknown result', { measured: [['claim', 'x"y', 1, 1]] }, ['claims_total', { result: 'won' }, 0]],
  ['damage', { op: 7, result: null, pushes: -1e9, measured: [null, [], ['claim', 'won']] }, ['pushes_total', {}, 0]],
  ['more damage', { op: '\n', result: 'ok', pushes: '1', measured: 'x' }, ['pushes_total', {}, 0]],
] as const)('a line of %s', (_what, line, [name, labels, value]) => {
  const totals = noTotals();
  countLine(totals, line);
  expect(valueIn(familiesOf(totals), `git_coord_${name}`, labels)).toBe(value);
});

function familiesOf(totals: Totals) {
  return readExposition(
    exposition([
      ...Object.values(commandCounters).map((one) => counterFamily(totals, one)),
      ...Object.values(commandHistograms).map((one) => histogramFamily(totals, one)),
    ]),
  );
}
