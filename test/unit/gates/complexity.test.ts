import { expect, test } from 'vitest';
import { isMeasurable, measure } from '../../../src/worker/gates/complexity.ts';

async function complexities(text: string, name = 'a.ts'): Promise<string[]> {
  const measured = await measure(text, name);
  if ('problem' in measured) return [measured.problem];
  return measured.functions.map((one) => `${one.line}-${one.lastLine} ${one.name} ${one.complexity}`);
}

// what ESLint's rule `complexity` says of the same
test.each([
  ['function f() {}', ['1-1 f 1']],
  ['function f(a, b = 1) { if (a) {} else if (b) {} else {} }', ['1-1 f 4']],
  ['const f = (a) => a ? 1 : a && 2 || (a ?? 3)', ['1-1 f 5']],
  [
    'function f(a) { for (;;) {} for (const b in a) {} for (const b of a) {} while (a) {} do {} while (a) }',
    ['1-1 f 6'],
  ],
  ['function f(a) { switch (a) { case 1: case 2: break; default: } }', ['1-1 f 3']],
  ['function f(a) { a ||= 1; a &&= 1; a ??= 1; a += 1; return a?.b?.(a)[0] }', ['1-1 f 6']],
  ['function f() { try {} catch {} finally {} }', ['1-1 f 2']],
  ['function f() { return () => { if (1) {} } }', ['1-1 f 1', '1-1 (anonymous) 2']],
  [
    'class A { b() {}\n get c() { return 1 }\n #d() { return 1 ? 2 : 3 }\n static { if (1) {} }\n e = 1 ? 2 : 3\n f = () => 1\n}',
    ['1-1 A.b 1', '2-2 A.c 1', '3-3 A.#d 2', '4-4 A.static 2', '5-5 A.e 2', '6-6 A.f 1'],
  ],
  ['export default { a: () => 1, b() {}, [c]: function () {} }', ['1-1 a 1', '1-1 b 1', '1-1 c 1']],
  ['type A<T> = T extends string ? 1 : 2; function f<T>(a: T | undefined): a is T { return a! as never }', ['1-1 f 1']],
  ['@dec class A { @x() m(@y p: string) { return p || 1 } }', ['1-1 A.m 2']],
] as const)('%s', async (text, expected) => {
  expect(await complexities(text)).toEqual(expected);
});

test('each dialect by its ending', async () => {
  expect(await complexities('const f = () => <a>{b && c}</a>', 'a.jsx')).toEqual(['1-1 f 2']);
  expect(await complexities('const f = <T,>(a: T) => <b>{a ? 1 : 2}</b>', 'a.tsx')).toEqual(['1-1 f 2']);
  expect(await complexities('const f = <T>(a: any) => <T>a', 'a.mts')).toEqual(['1-1 f 1']);
  expect(await complexities('with (a) { function f() {} } return', 'a.cjs')).toEqual(['1-1 f 1']);
  expect(await complexities('#!/usr/bin/env node\nawait 1; import a from "a"; const f = () => a', 'a.mjs')).toEqual([
    '2-2 f 1',
  ]);
});

test('no text makes it throw', async () => {
  expect(await complexities('function f( {')).toEqual(['line 1: Unexpected token']);
  expect(await complexities(`function f() { return ${'('.repeat(50_000)}1 }`)).toEqual(['nested too deeply']);
  expect(await complexities(`const f = () => ${'a+'.repeat(20_000)}1`)).toHaveLength(1);
  expect(await complexities(`function f() { ${'if (a) {} else '.repeat(3000)} {} }`)).toHaveLength(1);
  expect(await complexities(`const f = () => [${'0,'.repeat(150_000)}]`)).toEqual(['1-1 f 1']);
  expect(await complexities('\ufffd\0\u2028')).toHaveLength(1);
  expect(await complexities('')).toEqual([]);
});

test('what can be measured', () => {
  for (const name of ['a.js', 'b/c.mjs', 'a.cjs', 'a.ts', 'a.mts', 'a.tsx', 'a.jsx'])
    expect(isMeasurable(name)).toBe(true);
  for (const name of ['a.min.js', 'a.d.ts', 'js', 'a.json', 'a.js.txt', 'a.d.mts'])
    expect(isMeasurable(name)).toBe(false);
});
