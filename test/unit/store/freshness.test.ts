import { expect, test } from 'vitest';
import { memoryFolder } from '../../../src/store/folder.ts';
import { freshness } from '../../../src/store/freshness.ts';

const pollMs = 2000;

test('a whole read within the last poll is still good', () => {
  const fresh = freshness(memoryFolder(), 'boot-a');
  expect(fresh.ageMs(1000, pollMs)).toBe(null);
  fresh.readWhole(1000);
  expect(fresh.ageMs(3000, pollMs)).toBe(2000);
  expect(fresh.ageMs(3001, pollMs)).toBe(null);
});

test('a write of this clone ends what was read before it ended', () => {
  const fresh = freshness(memoryFolder(), 'boot-a');
  fresh.readWhole(1000);
  fresh.wrote(1200);
  expect(fresh.ageMs(1300, pollMs)).toBe(null);
  fresh.readWhole(1200);
  expect(fresh.ageMs(1300, pollMs)).toBe(null);
  fresh.readWhole(1201);
  expect(fresh.ageMs(1300, pollMs)).toBe(99);
});

test('what this clone wrote since does not make a read unfit to try on', () => {
  const fresh = freshness(memoryFolder(), 'boot-a');
  expect(fresh.isRecent(1000, pollMs)).toBe(false);
  fresh.readWhole(1000);
  fresh.wrote(1200);
  expect(fresh.isRecent(3000, pollMs)).toBe(true);
  expect(fresh.isRecent(3001, pollMs)).toBe(false);
});

test('times of another boot, and damaged notes, say nothing', () => {
  const folder = memoryFolder();
  freshness(folder, 'boot-a').readWhole(1000);
  expect(freshness(folder, 'boot-b').ageMs(1001, pollMs)).toBe(null);
  folder.write('read.json', '{"era":"boot-a"');
  expect(freshness(folder, 'boot-a').ageMs(1001, pollMs)).toBe(null);
});
