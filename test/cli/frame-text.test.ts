import { expect, test } from 'vitest';
import { failureText, jsonLine, toCoordError } from '../../src/cli/frame/output.ts';
import { makeStyle } from '../../src/cli/frame/style.ts';
import { table } from '../../src/cli/frame/table.ts';
import { cut, displayWidth, manyLines, oneLine } from '../../src/cli/frame/text.ts';
import { CoordError } from '../../src/errors.ts';

test.each([
  ['\x1b[31mred\x1b[0m', 'red'],
  ['\x1b]0;title\x07after', 'after'],
  ['\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\', 'link'],
  ['a\x9b2Jb', 'ab'],
  ['a\x00b\x08c\x7fd', 'abcd'],
  ['\u202eevil\u2066', 'evil'],
  ['one\r\ntwo\u2028three\tfour', 'one two three four'],
  ['\x1b', ''],
  ['Grüße 日本 👩‍💻', 'Grüße 日本 👩‍💻'],
])('%j is shown as %j', (text, shown) => expect(oneLine(text)).toBe(shown));

test('lines stay lines', () => expect(manyLines('a\r\nb\x1b[2K\nc')).toBe('a\nb\nc'));

test.each([
  ['abc', 3],
  ['日本', 4],
  ['é', 1],
  ['e\u0301', 1],
  ['한글', 4],
  ['🚀', 2],
  ['\x1b[31mred\x1b[39m', 3],
])('%j is %i columns wide', (text, width) => expect(displayWidth(text)).toBe(width));

test('cut to a width, wide characters too', () => {
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cut('日本語', 4)).toBe('日…');
  expect(cut('abc', 3)).toBe('abc');
});

const columns = [{ title: 'ID' }, { title: 'N', align: 'right' as const }, { title: 'TITLE', flexible: true }];

test('a table is aligned, and fits the terminal', () => {
  const rows = [
    ['build', '5', 'Build the API'],
    ['日本', '12', 'x\x1b[31m\ny'],
  ];
  expect(table(columns, rows, { columns: Number.POSITIVE_INFINITY })).toBe(
    'ID      N  TITLE\nbuild   5  Build the API\n日本   12  x y\n',
  );
  const narrow = table(columns, rows, { columns: 20 });
  expect(narrow.split('\n')[1]).toBe('build   5  Build th…'.slice(0, 20));
  for (const line of narrow.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(20);
  expect(table(columns, [], { columns: 80 })).toBe('');
});

test('colour takes no room', () => {
  const { red } = makeStyle(true);
  const painted = table(
    [{ title: '', paint: red }, { title: '' }],
    [
      ['a', 'b'],
      ['ccc', 'd'],
    ],
    { columns: 80 },
  );
  expect(painted).toBe('\x1b[31ma\x1b[39m    b\n\x1b[31mccc\x1b[39m  d\n');
});

test("a failure shows what happened, why and what to type; other people's words are made safe", () => {
  const error = new CoordError('held', 'held by \x1b[31mb', {
    hint: 'since\x07 now',
    next: ['git coord claim x --wait 5m'],
  });
  expect(failureText(error, makeStyle(false))).toBe(
    'error: held by b\nhint: since now\nnext: git coord claim x --wait 5m\n',
  );
});

test('JSON is one line without anything that a terminal obeys', () => {
  const line = jsonLine({ text: '\x1b\x9b\u2028\u202e\n' });
  expect(line).toBe('{"text":"\\u001b\\u009b\\u2028\\u202e\\n"}\n');
  expect(JSON.parse(line)).toEqual({ text: '\x1b\x9b\u2028\u202e\n' });
});

test('anything thrown that is no CoordError is a defect', () => {
  expect(toCoordError(new TypeError('x'))).toMatchObject({ code: 'internal', message: 'a defect in git-coord: x' });
  expect(toCoordError('x').code).toBe('internal');
});
