import { expect, test } from 'vitest';
import { type Folder, memoryFolder } from '../../../src/store/folder.ts';
import type { Decoded } from '../../../src/store/record-kind.ts';
import { rememberedInFile } from '../../../src/store/remembered.ts';

const record = (oid: string, note: unknown = {}): Decoded<unknown> => ({ ok: true, oid, parents: [], note });
const keys = Array.from({ length: 40 }, (_, n) => `task ${n}`);

async function kept(folder: Folder, build = 'a'): Promise<(Decoded<unknown> | undefined)[]> {
  const remembered = rememberedInFile(folder, build);
  await remembered.beforeMany();
  return keys.map((key) => remembered.get(key));
}

function keep(folder: Folder, missed = keys.length, note: unknown = {}): void {
  const remembered = rememberedInFile(folder, 'a');
  for (const key of keys) remembered.set(key, record(key, note));
  remembered.afterMany(keys, missed);
}

test('what one process decoded the next has, until a few are new', async () => {
  const folder = memoryFolder();
  keep(folder, 3);
  expect(await kept(folder)).toEqual(keys.map(() => undefined));
  keep(folder);
  expect(await kept(folder)).toEqual(keys.map((key) => record(key)));
});

test("another build's, a damaged and an unwritable file only mean decoding again", async () => {
  const folder = memoryFolder();
  keep(folder);
  expect(await kept(folder, 'b')).toEqual(keys.map(() => undefined));
  const whole = folder.read('records.json') ?? '';
  for (const damaged of [
    '',
    whole.slice(0, -20),
    whole.replace('task 7', 'task 8'),
    whole.replace('"parents":[]', ''),
  ]) {
    folder.write('records.json', damaged);
    expect(await kept(folder)).toEqual(keys.map(() => undefined));
  }
  const full: Folder = {
    ...folder,
    write: () => {
      throw new Error('disk full');
    },
  };
  expect(() => keep(full)).not.toThrow();
});

test('what has moved on is forgotten in a process that looks again and again', () => {
  const remembered = rememberedInFile(memoryFolder(), 'a');
  const look = (names: readonly string[]) => {
    for (const name of names) remembered.set(name, record(name));
    remembered.afterMany(names, 0);
  };
  for (let n = 0; n < 10; n++) look(keys.map((key) => `${key} ${n}`));
  const known = (n: number) => keys.filter((key) => remembered.get(`${key} ${n}`) !== undefined).length;
  expect([known(7), known(9)]).toEqual([0, keys.length]);
});

test('large records, and those of a book that is too large, are left out', async () => {
  const folder = memoryFolder();
  keep(folder, keys.length, 'x'.repeat(20_000));
  expect(await kept(folder)).toEqual(keys.map(() => undefined));
  const remembered = rememberedInFile(folder, 'a');
  const many = Array.from({ length: 1000 }, (_, n) => `task ${n}`);
  for (const key of many) remembered.set(key, record(key, 'x'.repeat(15_000)));
  remembered.afterMany(many, many.length);
  expect(folder.read('records.json')?.length).toBeLessThan(17 * 1024 * 1024);
});
