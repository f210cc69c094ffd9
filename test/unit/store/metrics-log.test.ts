import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendMetrics, metricsPath, pushesLastMinute } from '../../../src/store/metrics-log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coord-metrics-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const now = Date.parse('2026-01-01T12:00:00.000Z');
const line = (agoMs: number, pushes: number) => ({
  at: new Date(now - agoMs).toISOString(),
  op: 'claim',
  result: 'ok',
  ms: 12,
  pushes,
});

test('counts the pushes of the last minute, past damaged lines', () => {
  const path = metricsPath(folder);
  appendMetrics(path, line(61_000, 100));
  appendMetrics(path, line(59_000, 2));
  writeFileSync(path, '{"at": "cut off\n', { flag: 'a' });
  appendMetrics(path, line(1000, 3));
  expect(pushesLastMinute(path, now)).toBe(5);
  expect(pushesLastMinute(join(folder, 'absent'), now)).toBe(0);
});

test('does not fail where nothing can be written', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => appendMetrics(join(folder, 'file', 'metrics.ndjson'), line(0, 1))).not.toThrow();
});

test('begins no folder where a repository was removed', () => {
  appendMetrics(metricsPath(join(folder, '.git', 'coord')), line(0, 1));
  expect(readdirSync(folder)).toEqual([]);
  appendMetrics(metricsPath(join(folder, 'coord')), line(0, 1));
  expect(readdirSync(folder)).toEqual(['coord']);
});
