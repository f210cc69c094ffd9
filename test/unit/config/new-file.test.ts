import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseSharedFile } from '../../../src/config/file.ts';
import { chosenBook, newConfigText, writeNewConfig } from '../../../src/config/new-file.ts';
import { fullKey, settings } from '../../../src/config/settings.ts';

const valuesOf = async (text: string) => {
  const { values, problems } = await parseSharedFile(text, '.coord.yml');
  expect(problems).toEqual([]);
  return Object.fromEntries(values.map(({ setting, value }) => [fullKey(setting), value]));
};

test('as it is written it changes nothing', async () => {
  expect(await valuesOf(newConfigText({}, {}))).toEqual({});
});

test('it names every setting, with its default', async () => {
  const text = newConfigText({}, { 'quality.test_command': 'npm\n  test # all' });
  const values = await valuesOf(text.replace(/^ {2}# /gm, '  '));
  expect(values).toEqual(Object.fromEntries(settings.map((setting) => [fullKey(setting), setting.value])));
});

test('it names a book that others can join', async () => {
  const isOrigin = (name: string) => name === 'origin';
  const book = (remote: string, prefix = 'refs/') => chosenBook({ mode: 'remote', remote, prefix }, isOrigin);
  expect(await valuesOf(newConfigText(book('origin'), {}))).toEqual({
    'coordination.mode': 'remote',
    'coordination.remote': 'origin',
  });
  expect(book('origin', 'refs/heads/coord/')).toMatchObject({ 'coordination.prefix': 'refs/heads/coord/' });
  expect([book('/srv/x.git'), chosenBook({ mode: 'local' }, isOrigin)]).toEqual([{}, {}]);
});

test('a file that is there stays', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'coord-new-file-'));
  expect(await writeNewConfig(dir, 'one')).toBe(true);
  expect(await writeNewConfig(dir, 'two')).toBe(false);
  expect(await readFile(join(dir, '.coord.yml'), 'utf8')).toBe('one');
  await rm(dir, { recursive: true });
});
