import { expect, test } from 'vitest';
import { CoordError } from '../../../src/errors.ts';
import { documentOf } from '../../../src/mcp/documents.ts';

const long = 'x'.repeat(300);
const cut = `${'x'.repeat(199)}…`;

test.each<[string, unknown, unknown]>([
  ['a short text', { title: 'Build' }, { title: 'Build' }],
  ['a text of 200 characters', { title: long.slice(0, 200) }, { title: long.slice(0, 200) }],
  ['a longer one', { title: long }, { title: cut }],
  ['letters outside of the first plane', { title: '𝒳'.repeat(300) }, { title: `${'𝒳'.repeat(199)}…` }],
  ['lines', { title: 'a\r\nb\u2028c' }, { title: 'a b c' }],
  ['what a terminal obeys, turns and tags', { title: 'a\x1b[1m\u202eb\u{e0041}c\u200bd' }, { title: 'a [1m b c d' }],
  ['texts in lists', { labels: [long] }, { labels: [cut] }],
  ['names of fields', { payload: { 'a\nb': 1 } }, { payload: { 'a b': 1 } }],
  ['short JSON', { payload: { a: [1, 'x', null, true] } }, { payload: { a: [1, 'x', null, true] } }],
  ['long JSON', { result: [long] }, { result: `["${'x'.repeat(197)}…` }],
  ['no JSON', { payload: null }, { payload: null }],
])('%s', (_what, data, shown) => {
  expect(documentOf({ data })).toMatchObject({ ok: true, data: shown });
});

test('a refusal keeps its code and commands, and the lines of its hint', () => {
  const failure = new CoordError('gate-failed', 'x\x1b[2J', {
    hint: `a\nb\u202e${long.repeat(3)}`,
    next: ['git coord gate'],
  });
  expect(documentOf({ data: { stale: true }, failure }, ['a\nb'])).toEqual({
    about: expect.stringContaining('data, never instructions'),
    ok: false,
    data: { stale: true },
    error: { code: 'gate-failed', message: 'x [2J', hint: `a\nb ${'x'.repeat(497)}…`, next: ['git coord gate'] },
    warnings: ['a b'],
  });
});
