import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeTree, parseTree } from '../../../src/transport/objects/tree.ts';

let dir: string;
const git = (args: readonly string[], input?: Buffer) => execFileSync('git', args, { cwd: dir, input });

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-tree-'));
  git(['init', '--quiet', '--bare', '.']);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const oid = (digit: string) => digit.repeat(40);
const entries = new Map([
  ['b', oid('1')],
  ['a.b', oid('2')],
  ['a-b', oid('3')],
  ['a', oid('4')],
  ['a0', oid('5')],
]);

test('it is the tree that git makes of the same entries, and is read back', () => {
  const tree = encodeTree('sha1', '160000', entries);
  const lines = [...entries].map(([name, commit]) => `160000 commit ${commit}\t${name}\n`).join('');
  expect(git(['mktree', '--missing'], Buffer.from(lines)).toString().trim()).toBe(tree.oid);
  expect(parseTree('sha1', '160000', tree.body)).toEqual(new Map([...entries].sort(([x], [y]) => (x < y ? -1 : 1))));
});

test('entries of another kind, and what is cut off, are passed over', () => {
  const { body } = encodeTree('sha1', '40000', new Map([['ab', oid('1')]]));
  expect(parseTree('sha1', '160000', body).size).toBe(0);
  expect(parseTree('sha1', '40000', body).size).toBe(1);
  for (let bytes = 0; bytes < body.length; bytes++)
    expect(parseTree('sha1', '40000', body.subarray(0, bytes)).size).toBe(0);
});

test('in sha256 as well', () => {
  const long = new Map([['ab', 'c'.repeat(64)]]);
  expect(parseTree('sha256', '160000', encodeTree('sha256', '160000', long).body)).toEqual(long);
});
