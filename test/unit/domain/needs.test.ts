import fc from 'fast-check';
import { expect, test } from 'vitest';
import { circleThrough, mayBeCircular, needsTree, treeRoots } from '../../../src/domain/needs.ts';

type Graph = Readonly<Record<string, readonly string[]>>;
const of = (graph: Graph) => (id: string) => graph[id];
const chain: Graph = { a: ['b'], b: ['c'], c: [] };
const diamond: Graph = { top: ['left', 'right'], left: ['base'], right: ['base'], base: ['ground'], ground: [] };

test.each<[string, string, string[], Graph, string[] | null]>([
  ['none', 'c', [], chain, null],
  ['of one', 'a', ['a'], {}, ['a', 'a']],
  ['of two', 'b', ['a'], { a: ['b'] }, ['b', 'a', 'b']],
  ['the shortest', 'c', ['a', 'b'], chain, ['c', 'b', 'c']],
  ['of three', 'c', ['a'], chain, ['c', 'a', 'b', 'c']],
  ['through what is unknown', 'a', ['nowhere'], {}, null],
  ['one that it only leads to', 'a', ['b'], { b: ['c'], c: ['b'] }, null],
  ['a diamond is none', 'top', ['left', 'right'], diamond, null],
])('a circle: %s', (_what, id, needs, graph, found) => {
  expect(circleThrough(id, needs, of(graph))).toEqual(found);
});

test('a circle is found if and only if a walk comes back', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const graphs = fc.dictionary(id, fc.array(id, { maxLength: 4 }));
  const comesBack = (graph: Graph, from: string): boolean => {
    let reached = new Set(graph[from] ?? []);
    for (let n = 0; n < 5; n++) reached = new Set([...reached].flatMap((at) => [at, ...(graph[at] ?? [])]));
    return reached.has(from);
  };
  fc.assert(
    fc.property(graphs, id, (graph, from) => {
      const circle = circleThrough(from, graph[from] ?? [], of(graph));
      expect(circle !== null).toBe(comesBack(graph, from));
      if (circle !== null) expect(mayBeCircular([from], of(graph))).toEqual([from]);
      for (const [index, at] of (circle ?? []).slice(0, -1).entries()) expect(graph[at]).toContain(circle?.[index + 1]);
    }),
  );
});

test('of what has no circle nothing is worth a look, however long it is', () => {
  expect(mayBeCircular(Object.keys(diamond), of(diamond))).toEqual([]);
  expect(mayBeCircular(['a', 'b', 'c', 'd'], of({ a: ['b'], b: ['c'], c: ['b', 'x'], d: ['x'] }))).toEqual([
    'a',
    'b',
    'c',
  ]);
  const ids = Array.from({ length: 10_000 }, (_, n) => `t${n}`);
  const long = Object.fromEntries(ids.map((id, n) => [id, n === 0 ? [] : [`t${n - 1}`]]));
  expect(mayBeCircular(ids.reverse(), of(long))).toEqual([]);
});

test('a chain of ten thousand', () => {
  const needsOf = (id: string) => (Number(id) < 10_000 ? [String(Number(id) + 1)] : ['0']);
  expect(circleThrough('0', ['1'], needsOf)).toHaveLength(10_002);
});

const drawn = (id: string, graph: Graph) =>
  needsTree(id, of(graph)).map(({ id: at, more, rest }) =>
    [more.map(Number).join(''), at, rest ?? ''].join(' ').trim(),
  );

test('a tree has each subtree once, and ends in a circle', () => {
  expect(drawn('top', diamond)).toEqual(['top', '1 left', '10 base', '100 ground', '0 right', '00 base above']);
  expect(drawn('a', { a: ['a'] })).toEqual(['a', '0 a above']);
});

test('a tree that is deep or wide', () => {
  const deep = needsTree('0', (id) => [String(Number(id) + 1)]);
  expect(deep).toHaveLength(65);
  expect(deep.at(-1)).toMatchObject({ id: '64', rest: 'deeper' });
  const many = Array.from({ length: 20_000 }, (_, n) => `n${n}`);
  expect(needsTree('root', (id) => (id === 'root' ? many : []))).toHaveLength(20_001);
});

test.each<[string, Graph, string[]]>([
  ['who is needed by nobody', diamond, ['top']],
  ['not who stands alone', { a: [], b: ['a'], c: [] }, ['b']],
  ['a circle has one too', { b: ['c'], c: ['b'], x: ['y'], y: [] }, ['x', 'b']],
  ['not one that is reached already', { r: ['b'], b: ['c'], c: ['b'] }, ['r']],
])('roots: %s', (_what, graph, roots) => {
  expect(treeRoots(Object.keys(graph), of(graph))).toEqual(roots);
});
