import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from '../../../src/transport/make-folder.ts';
import { makeScratch, type Scratch } from '../../helpers/repo.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

test('coord and what is below it is made, once or again', () => {
  writeFileSync(join(scratch.dir, 'HEAD'), '');
  const path = join(scratch.dir, 'coord/watch/one');
  makeFolder(path);
  makeFolder(path);
  expect(existsSync(path)).toBe(true);
});

test('a git folder that is gone is not made', () => {
  for (const path of ['.git/coord', '.git/coord/held', 'gone/.git/coord/watch/one'])
    expect(() => makeFolder(join(scratch.dir, path))).toThrow('.git is gone: this clone was moved or deleted');
  expect(existsSync(join(scratch.dir, '.git'))).toBe(false);
  mkdirSync(join(scratch.dir, '.git'));
  // what is left of one
  expect(() => makeFolder(join(scratch.dir, '.git/coord'))).toThrow('is gone');
  writeFileSync(join(scratch.dir, '.git/HEAD'), '');
  makeFolder(join(scratch.dir, '.git/coord/held'));
  expect(existsSync(join(scratch.dir, '.git/coord/held'))).toBe(true);
});

test('a file in the place of a folder is no folder', () => {
  writeFileSync(join(scratch.dir, 'HEAD'), '');
  writeFileSync(join(scratch.dir, 'coord'), '');
  expect(() => makeFolder(join(scratch.dir, 'coord'))).toThrow(`belongs: ${join(scratch.dir, 'coord')}`);
  expect(() => makeFolder(join(scratch.dir, 'coord/held'))).toThrow('a file stands where a folder belongs');
});
