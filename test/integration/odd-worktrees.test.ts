// Repositories whose git folder is not in their files: submodules, and `git init --separate-git-dir`.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cliJson } from '../helpers/cli.ts';
import { makeBookClone } from '../helpers/hook-repo.ts';
import { commitAll, git, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

const run = (dir: string, ...args: string[]) =>
  cliJson(args, { cwd: dir, env: { COORD_AGENT: 'anna', COORD_SESSION: 's-anna', COORD_DAEMON: 'off' } });

/** Starts a task and commits in its worktree. Answers where that is. */
async function work(dir: string): Promise<string> {
  const { data, stderr } = await run(dir, 'start', 'ship');
  expect(stderr).toBe('');
  const { path } = data.worktree;
  await writeFile(join(path, 'shipped'), 'yes');
  await commitAll(path, 'Ship it');
  return path;
}

/** The files are those of the landing, and nothing looks changed. */
async function expectLanded(dir: string): Promise<void> {
  expect(existsSync(join(dir, 'shipped'))).toBe(true);
  expect(await git(['status', '--porcelain'], { cwd: dir })).toBe('');
}

test('a submodule: its worktrees stand beside the project around it, and its files follow a landing', async () => {
  const [source, around] = [join(scratch.dir, 'source'), join(scratch.dir, 'around')];
  await makeBookClone(source);
  await git(['init', '--quiet', around], { cwd: scratch.dir });
  const add = ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', source, 'part'];
  await git(add, { cwd: around });
  const dir = join(around, 'part');
  expect((await run(dir, 'init', '--local', '--yes')).status).toBe(0);
  await git(['clean', '--quiet', '--force'], { cwd: dir });
  const path = await work(dir);
  expect(path).toBe(join(scratch.dir, 'around.worktrees/part/1'));
  expect(await git(['status', '--porcelain', '--ignore-submodules'], { cwd: around })).not.toContain('worktrees');
  expect(await run(path, 'land', 'ship')).toMatchObject({ status: 0 });
  await expectLanded(dir);
});

test('a git folder apart: lands from its worktree, and from any once git knows where that is', async () => {
  const dir = join(scratch.dir, 'files');
  const folder = join(scratch.dir, 'store/git');
  await mkdir(join(scratch.dir, 'store'));
  await makeBookClone(dir);
  await git(['init', '--quiet', '--separate-git-dir', folder], { cwd: dir });
  const path = await work(dir);
  expect(path).toBe(join(scratch.dir, 'files.worktrees/1'));
  const { status, error } = await run(path, 'land', 'ship');
  expect([status, error?.code]).toEqual([7, 'not-ready']);
  expect(error?.message).toContain(`the worktree of ${folder} has the target checked out`);
  expect(error?.next).toEqual([`git --git-dir=${folder} config core.worktree <folder>`]);
  expect(await run(dir, 'land', 'ship', '--from', 'task/ship')).toMatchObject({ status: 0 });
  await expectLanded(dir);
  await run(dir, 'add', 'Again', '--id', 'again');
  await run(path, 'claim', 'again');
  await git(['config', 'core.worktree', dir], { cwd: dir });
  await git(['checkout', '--quiet', '-b', 'task/again'], { cwd: path });
  await writeFile(join(path, 'again'), 'yes');
  await commitAll(path, 'Again');
  expect(await run(path, 'land', 'again')).toMatchObject({ status: 0 });
  expect(existsSync(join(dir, 'again'))).toBe(true);
  await expectLanded(dir);
});
