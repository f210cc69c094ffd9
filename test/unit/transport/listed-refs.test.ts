import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';

const fresh = async () => {
  vi.resetModules();
  return (await import('../../../src/transport/listed-refs.ts')).listedRefs;
};

const oid = 'a'.repeat(40);

test.each([
  ['nothing', '', []],
  ['two refs', `${oid} refs/board/a\n${oid} refs/board/ü b\n`, ['refs/board/a', 'refs/board/ü b']],
  ['a last line without its end', `${oid} refs/board/a`, ['refs/board/a']],
  ['lines that are none', `\nwords\n${oid} refs/board/a\n`, ['refs/board/a']],
])('a listing of %s, at first and again', async (_, text, names) => {
  const listedRefs = await fresh();
  const refs = names.map((name) => [name, oid]);
  expect([...listedRefs(Buffer.from(text))]).toEqual(refs);
  expect([...listedRefs(Buffer.from(text))]).toEqual(refs);
});

test('whoever remembers one ref of a listing does not keep the rest in memory', async () => {
  const listedRefs = await fresh();
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const listing = Buffer.from(Array.from({ length: 20_000 }, (_, n) => `${oid} refs/board/t-${n}\n`).join(''));
  const remembered: (readonly [string, string])[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let look = 0; look < 50; look++) remembered.push([...listedRefs(listing)][look] ?? ['', '']);
  collect();
  expect(remembered[49]).toEqual(['refs/board/t-49', oid]);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(5e6);
});
