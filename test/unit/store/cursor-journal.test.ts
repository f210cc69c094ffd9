import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CoordError } from '../../../src/errors.ts';
import { cursorJournal, type Step, type Told } from '../../../src/store/cursor-journal.ts';
import { mountSmallDisk } from '../../helpers/small-disk.ts';

const book = '1a560dd4-0000-4000-8000-000000000000';
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-journal-'));
});
afterEach(() => {
  for (const path of [dir, `${dir}-marks`]) rmSync(path, { recursive: true, force: true });
});

const told = (refs: Record<string, string>, gone: Record<string, string> = {}): Told => ({
  refs: new Map(Object.entries(refs)),
  gone: new Map(Object.entries(gone)),
});

test('each cursor stands for what had been told when it was made, also for another process', () => {
  const stream = cursorJournal(dir, book).begin(
    told({ 'refs/board/a': '1', 'refs/board/b': '1' }, { 'refs/board/z': '9' }),
  );
  const start = stream.cursor;
  const cursors = stream.append(
    [
      { ref: 'refs/board/a', oid: '2' },
      { ref: 'refs/board/c', oid: '1' },
      { ref: 'refs/board/a', oid: '3' },
    ],
    told({}),
  );
  expect(new Set([start, ...cursors]).size).toBe(4);
  expect(stream.cursor).toBe(cursors[2]);
  const found = [start, ...cursors].map((cursor) => cursorJournal(dir, book).find(cursor));
  expect(found.map(({ refs }) => Object.fromEntries(refs))).toEqual([
    { 'refs/board/a': '1', 'refs/board/b': '1' },
    { 'refs/board/a': '2', 'refs/board/b': '1' },
    { 'refs/board/a': '2', 'refs/board/b': '1', 'refs/board/c': '1' },
    { 'refs/board/a': '3', 'refs/board/b': '1', 'refs/board/c': '1' },
  ]);
  expect(found[3]?.gone).toEqual(new Map([['refs/board/z', '9']]));
});

function problem(cursor: string, of = book): string {
  try {
    cursorJournal(dir, of).find(cursor);
    return '';
  } catch (error) {
    return error instanceof CoordError ? `${error.code}: ${error.message}` : String(error);
  }
}

test('a cursor that is none, of another book, or not known is refused by name', () => {
  const { cursor } = cursorJournal(dir, book).begin(told({}));
  expect(problem(cursor)).toBe('');
  expect(problem('../../etc/passwd')).toBe('usage: "../../etc/passwd" is no cursor');
  expect(problem(cursor, 'ffffffff-1')).toBe('usage: the cursor is of another book');
  // the first letters are the same by chance
  expect(problem(cursor, `${book}0`)).toContain('usage: the cursor is not known here');
  expect(problem(cursor.replace(/\.0$/, '.1'))).toContain('is not known here');
  expect(problem('1a560dd4.000000000000.0')).toContain('is not known here');
});

test('the mark of one look is one file, however often it is asked for', () => {
  const journal = cursorJournal(dir, book);
  const marks = [{ a: '1' }, { a: '1' }, { a: '2' }].map((refs) => journal.mark(told(refs)));
  expect(marks[0]).toBe(marks[1]);
  expect(readdirSync(`${dir}-marks`)).toHaveLength(2);
  expect(journal.find(marks[2] ?? '').refs).toEqual(new Map([['a', '2']]));
});

test('looks, however many, have no stream forgotten', () => {
  const journal = cursorJournal(dir, book);
  const { cursor } = journal.begin(told({}));
  for (let n = 0; n < 205; n++) journal.mark(told({ a: String(n) }));
  expect(problem(cursor)).toBe('');
  expect(readdirSync(`${dir}-marks`)).toHaveLength(200);
});

test('a line that a crash cut off was told to nobody', () => {
  const stream = cursorJournal(dir, book).begin(told({}));
  const [cursor = ''] = stream.append([{ ref: 'refs/board/a', oid: '2' }], told({}));
  appendFileSync(join(dir, readdirSync(dir)[0] ?? ''), 'refs/boa');
  expect(problem(cursor)).toBe('');
  expect(problem(cursor.replace(/\.1$/, '.2'))).toContain('is not known here');
});

test('what a full disk took a part of was told to nobody, and counts in no later cursor', ({ skip }) => {
  const place = join(dir, 'small');
  const disk = mountSmallDisk(place, '12k');
  if (disk === null) {
    console.log('SKIP full disk: no right to mount');
    return skip();
  }
  try {
    const journal = cursorJournal(join(place, 'watch'), book);
    const steps = (name: string, count: number): Step[] =>
      Array.from({ length: count }, (_, n) => ({ ref: `refs/board/${name}${n}`, oid: '1'.repeat(40) }));
    const filler = join(place, 'filler');
    writeFileSync(filler, Buffer.alloc(4096));
    const stream = journal.begin(told({}));
    const [first = ''] = stream.append(steps('a', 1), told({}));
    expect(() => stream.append(steps('b', 300), journal.find(first))).toThrow(/can't be kept/);
    expect(stream.cursor).toBe(first);
    rmSync(filler);
    const next = stream.append(steps('c', 3), journal.find(first));
    const refs = (cursor: string) =>
      [...journal.find(cursor).refs.keys()].map((ref) => ref.slice('refs/board/'.length));
    expect([first, ...next].map(refs)).toEqual([['a0'], ['a0', 'c0'], ['a0', 'c0', 'c1'], ['a0', 'c0', 'c1', 'c2']]);
    expect(stream.cursor).toBe(next.at(-1));
  } finally {
    disk.unmount();
  }
});

test('a line that is no step is refused', () => {
  const { cursor } = cursorJournal(dir, book).begin(told({}));
  appendFileSync(join(dir, readdirSync(dir)[0] ?? ''), 'refs/board/a 1refs/board/b 1\nrefs/board/c 1\n');
  expect(problem(cursor.replace(/\.0$/, '.2'))).toContain('is not known here');
});

test('files are few, and one that was dropped or is long is begun anew', () => {
  const journal = cursorJournal(dir, book);
  const stream = journal.begin(told({}));
  for (let n = 0; n < 205; n++) journal.begin(told({}));
  expect(readdirSync(dir)).toHaveLength(200);
  expect(problem(stream.cursor)).toContain('too old');
  const many = Array.from({ length: 5000 }, (_, n) => ({ ref: `refs/board/t${n}`, oid: '1' }));
  const long = stream.append(many, told({ 'refs/board/x': '1' })).at(-1) ?? '';
  const [next = ''] = stream.append([{ ref: 'refs/board/y', oid: '1' }], journal.find(long));
  expect(next.split('.')[1]).not.toBe(long.split('.')[1]);
  expect(journal.find(next).refs.size).toBe(5002);
});
