// From nothing to a claimed task, by what the README says alone; and what was installed for it, without the sources.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FirstMinute, leave, runFirstMinute } from '../helpers/first-minute.ts';
import { git, makeScratch, type Scratch } from '../helpers/repo.ts';

const root = resolve(import.meta.dirname, '../..');
let scratch: Scratch;
let taken: FirstMinute;
beforeAll(async () => {
  scratch = await makeScratch();
  taken = await runFirstMinute(root, scratch.dir);
}, 180_000);
afterAll(async () => {
  leave(taken);
  await scratch.remove();
});

const coord = async (...args: string[]): Promise<string> => {
  const options = { cwd: taken.clone, env: taken.env };
  return (await promisify(execFile)('git', ['coord', ...args], options)).stdout;
};

test('at most three commands and a minute, and the remote has the claim', async () => {
  const { commands, ran, ms, clone } = taken;
  expect(commands.length).toBeLessThanOrEqual(3);
  expect(ran.map(({ status, output }) => (status === 0 ? 0 : output))).toEqual(commands.map(() => 0));
  expect(ms).toBeLessThan(60_000);
  const claims = (await git(['ls-remote', 'origin', 'refs/claims/*'], { cwd: clone })).split('\n');
  expect(claims).toEqual([expect.stringMatching(/^[0-9a-f]{40}\trefs\/claims\/\S+$/)]);
  const [, task = ''] = /refs\/claims\/(\S+)$/.exec(claims[0] ?? '') ?? [];
  expect(ran.at(-1)?.output).toMatch(new RegExp(`^${task}: (?:created and )?claimed \\(term 1\\)`));
  const { data } = JSON.parse(await coord('show', task, '--json'));
  expect(data).toMatchObject({ state: 'claimed', claim: { term: 1, mine: true } });
});

test('nothing of the sources is in use', async () => {
  const { env, prefix } = taken;
  const found = env.PATH?.split(delimiter).filter((folder) => existsSync(join(folder, 'git-coord')));
  expect(found).toEqual([join(prefix, 'bin')]);
  const program = await realpath(join(prefix, 'bin/git-coord'));
  const installed = join(prefix, 'lib/node_modules/git-coord');
  expect(program.startsWith(`${installed}/`)).toBe(true);
  const files = (await readdir(installed, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  expect(files.length).toBeGreaterThan(20);
  for (const { parentPath, name } of files)
    expect((await readFile(join(parentPath, name))).includes(root), `${parentPath}/${name}`).toBe(false);
});

test('it says its version', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  expect(await coord('--version')).toBe(`git-coord ${version}\n`);
});

const hasMan = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'man')));
if (!hasMan) console.log('SKIP the manual page: there is no man here');
test.runIf(hasMan)('git shows its manual page for --help', async () => {
  const page = await coord('--help');
  expect(page).toMatch(/^GIT-COORD\(1\)/);
  expect(page).toMatch(/SYNOPSIS\s+git coord \[options\] <command>/);
});
