import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readSharedFile } from '../../../src/config/file.ts';
import { readingKept } from '../../../src/config/kept-reading.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { type Folder, memoryFolder } from '../../../src/store/folder.ts';

let root: string;
let kept: Folder;
const write = (text: string) => writeFileSync(join(root, '.coord.yml'), text);
const text = 'coordination:\n  claim_ttl: 30s\ntasks:\n  retry_limit: 2\n';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coord-test-'));
  kept = memoryFolder();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a file that was read before is not parsed again, and says the same', async () => {
  write(text);
  const first = await readSharedFile(root, kept);
  const parse = vi.fn();
  const second = await readingKept(kept, '.coord.yml', text, parse);
  expect(parse).not.toHaveBeenCalled();
  for (const key of ['name', 'older', 'values', 'problems', 'notices'] as const)
    expect(second[key]).toEqual(first?.[key]);
});

test('one that was changed, of another name, of another build or damaged is', async () => {
  write(text);
  await readSharedFile(root, kept);
  const whole = kept.read('settings.json') ?? '';
  const reading = { name: '', older: false, values: [], problems: [], notices: [] };
  const parse = vi.fn(async () => reading);
  for (const [name, words, stored] of [
    ['.coord.yml', `${text}# more\n`, whole],
    ['other.yml', text, whole],
    ['.coord.yml', text, whole.replace('unbuilt', 'another')],
    ['.coord.yml', text, whole.replace('claim_ttl", ', 'claim_tll", ').replace('claim_ttl",', 'claim_tll",')],
    ['.coord.yml', text, whole.slice(0, -9)],
    ['.coord.yml', text, 'null'],
    ['.coord.yml', text, '{}'],
  ] as const) {
    kept.write('settings.json', stored);
    parse.mockClear();
    expect(await readingKept(kept, name, words, parse)).toBe(reading);
    expect(parse, stored).toHaveBeenCalledOnce();
  }
});

test('problems are told every time', async () => {
  write('coordination:\n  claim_tll: 3s\n');
  for (let time = 0; time < 2; time++)
    expect((await readSharedFile(root, kept))?.problems).toEqual([expect.stringContaining('claim_tll')]);
  expect(kept.names()).toEqual([]);
});

test('where it can not be kept it is read, and nothing is kept in a clone without a book', async () => {
  write(text);
  const full: Folder = {
    ...kept,
    write: () => {
      throw new Error('disk full');
    },
  };
  expect((await readSharedFile(root, full))?.values).toHaveLength(2);
  await loadConfig({ root, gitConfig: new Map(), env: {}, kept });
  expect(kept.names()).toEqual([]);
  await loadConfig({ root, gitConfig: new Map([['coord.book', ['b']]]), env: {}, kept });
  expect(kept.names()).toEqual(['settings.json']);
});
