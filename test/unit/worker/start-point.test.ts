import { expect, test } from 'vitest';
import { startPoint } from '../../../src/worker/start-point.ts';

// A history in which each letter follows the ones it names: m is the target.
const parents: Record<string, string> = { m: '', o: 'm', p: 'm', op: 'mo', po: 'mp', x: '' };
const contains = async (tip: string, commit: string): Promise<boolean> =>
  tip === commit || (parents[tip] ?? '').includes(commit);

test.each([
  ['nothing was done', null, null, { from: 'new', commit: 'm' }],
  ['only here', 'o', null, { from: 'own', commit: 'o', other: null }],
  ['only pushed', null, 'p', { from: 'previous', commit: 'p' }],
  ['what is here landed', 'm', null, { from: 'new', commit: 'm' }],
  ['what was pushed landed', null, 'm', { from: 'new', commit: 'm' }],
  ['both the same', 'o', 'o', { from: 'own', commit: 'o', other: null }],
  ['pushed from here, then gone on here', 'op', 'o', { from: 'own', commit: 'op', other: null }],
  ['somebody went on from what is here', 'p', 'po', { from: 'previous', commit: 'po' }],
  ['two went their own ways', 'o', 'p', { from: 'own', commit: 'o', other: 'p' }],
])('%s', async (_, own, pushed, point) => {
  expect(await startPoint({ target: 'm', own, pushed, fresh: false, contains })).toEqual(point);
  expect(await startPoint({ target: 'm', own, pushed, fresh: true, contains })).toEqual({ from: 'new', commit: 'm' });
});
