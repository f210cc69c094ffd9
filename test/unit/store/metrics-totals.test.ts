import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Folder, fileFolder } from '../../../src/store/folder.ts';
import { appendMetrics, metricsAreLong, metricsPath, rotateMetrics } from '../../../src/store/metrics-log.ts';
import { countMetrics } from '../../../src/store/metrics-totals.ts';

let dir: string;
let path: string;
let folder: Folder;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-metrics-'));
  path = metricsPath(dir);
  folder = fileFolder(dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

let n = 0;
const append = (times = 1) => {
  for (let done = 0; done < times; done++)
    appendMetrics(path, { at: `T${n++}`, op: 'claim', result: 'ok', ms: 1, pushes: 1 });
};
const counting = { empty: () => ({ lines: 0 }), add: (totals: { lines: number }) => void totals.lines++ };
const counted = (where: Folder = folder) => countMetrics(path, where, counting).lines;
/** Until it is long enough to be rotated. */
const fill = (): number => {
  const bytes = Buffer.byteLength(readFileSync(path, 'utf8').split('\n')[0] ?? '') + 1;
  const times = Math.ceil((1024 * 1024 + 1) / bytes);
  const lines = Array.from({ length: times }, () =>
    JSON.stringify({ at: `T${n++}`, op: 'x', result: 'ok' }).padEnd(bytes),
  );
  appendFileSync(path, `${lines.join('\n')}\n`);
  return times;
};
const rotate = () => rotateMetrics(path, () => void counted());

test('each line counts once, in whatever process and however often', () => {
  expect(counted()).toBe(0);
  append(3);
  expect([counted(), counted()]).toEqual([3, 3]);
  append();
  expect(counted(fileFolder(dir))).toBe(4);
});

test('a line that is being written counts when it is whole, damaged ones for nothing', () => {
  append();
  const line = JSON.stringify({ at: 'x', op: 'claim', result: 'ok' });
  writeFileSync(path, `{"cut\n${line.slice(0, 10)}`, { flag: 'a' });
  expect(counted()).toBe(1);
  writeFileSync(path, `${line.slice(10)}\n`, { flag: 'a' });
  expect(counted()).toBe(2);
});

test('what old lines said stays when they go, whether or not anybody looked meanwhile', () => {
  let lines = 0;
  for (let rotations = 0; rotations < 5; rotations++) {
    append();
    lines += 1 + fill();
    expect(metricsAreLong(path)).toBe(true);
    if (rotations === 0) expect(counted()).toBe(lines);
    rotate();
    expect(existsSync(path)).toBe(false);
  }
  append(2);
  expect(counted()).toBe(lines + 2);
  expect(statSync(`${path}.1`).size).toBeLessThan(3 * 1024 * 1024);
});

test('a line that another process wrote while the file was moved counts as well', () => {
  append(2);
  counted();
  renameSync(path, `${path}.1`);
  writeFileSync(`${path}.1`, `${JSON.stringify({ at: 'late', op: 'claim' })}\n`, { flag: 'a' });
  append();
  expect(counted()).toBe(4);
});

test('two who rotate at once lose nothing: the second finds a short file', () => {
  append();
  const lines = 1 + fill();
  rotateMetrics(path, () => {
    rotate();
    append();
  });
  expect(existsSync(path)).toBe(true);
  expect(counted()).toBe(lines + 1);
});

test('a rotation in the middle of a look: what was read twice counts once', () => {
  append(2);
  const before = counted();
  const moving: Folder = {
    ...folder,
    read: (name) => {
      // after the lines were read, before the totals are
      renameSync(path, `${path}.1`);
      append();
      countMetrics(path, folder, counting);
      return folder.read(name);
    },
  };
  expect(counted(moving)).toBe(before + 1);
  expect(counted()).toBe(before + 1);
});

test('totals that are damaged begin anew from the lines that are there; those that can not be kept are right all the same', () => {
  append(3);
  counted();
  writeFileSync(join(dir, 'metrics-totals.json'), '{"v":1,"files"');
  expect(counted()).toBe(3);
  append();
  const full: Folder = {
    ...folder,
    write: () => {
      throw new Error('ENOSPC');
    },
  };
  expect([counted(full), counted(full), counted()]).toEqual([4, 4, 4]);
});
