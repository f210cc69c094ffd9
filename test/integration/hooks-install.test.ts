import { chmod, lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claim, coord, envOf, makeBookClone, type Ran, run } from '../helpers/hook-repo.ts';
import { git, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let dir: string;
const env = envOf('agent-a');

beforeEach(async () => {
  scratch = await makeScratch();
  dir = join(scratch.dir, "it's a clone");
  await makeBookClone(dir);
  await claim(dir, 'agent-a', 'mine');
});
afterEach(() => scratch.remove());

const hooks = async (action: string, cwd = dir, more: NodeJS.ProcessEnv = {}): Promise<Ran> => {
  const ran = await coord(cwd, { ...env, ...more }, 'hooks', action, '--json');
  expect(ran.stderr).toBe('');
  return ran;
};
const states = async (cwd = dir, more: NodeJS.ProcessEnv = {}): Promise<string[]> => {
  const { data } = JSON.parse((await hooks('status', cwd, more)).stdout) as {
    data: { installed: { name: string; path: string; state: string }[] };
  };
  return data.installed.map(({ name, state }) => `${name} ${state}`);
};
const allIn = (state: string) => ['pre-commit', 'commit-msg', 'pre-push'].map((name) => `${name} ${state}`);
const hook = (name: string) => join(dir, '.git/hooks', name);

async function put(path: string, text: string, mode = 0o755): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, mode);
}

/** Every file below a folder with its mode and bytes. The book, the index and what commits write are left out. */
async function tree(folder: string): Promise<string[]> {
  const lines: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (/\.git\/(objects|refs|logs|worktrees|coord\/|index|COMMIT_EDITMSG|HEAD|coord-identity|ORIG_HEAD)/.test(path))
      continue;
    if (entry.isDirectory()) lines.push(`${path}/`);
    else if (entry.isSymbolicLink()) lines.push(`${path} -> ${await readlink(path)}`);
    else lines.push(`${path} ${((await lstat(path)).mode & 0o7777).toString(8)} ${await readFile(path, 'latin1')}`);
  }
  return lines.sort();
}

/** Commits on a branch of this task; `log` is what hooks of others wrote. */
async function commitOn(branch: string, cwd = dir): Promise<Ran & { log: string }> {
  const log = join(scratch.dir, 'log');
  await rm(log, { force: true });
  await run('git', ['checkout', '-q', '-B', branch], cwd, env);
  const ran = await run('git', ['commit', '--allow-empty', '-m', 'work'], cwd, { ...env, HOOK_LOG: log });
  return { ...ran, log: await readFile(log, 'utf8').catch(() => '') };
}

/** Installed twice, working (ours and theirs), then gone without a trace. */
async function provesItself(theirs: string, more: NodeJS.ProcessEnv = {}): Promise<void> {
  const before = await tree(dir);
  await hooks('install', dir, more);
  const installed = await tree(dir);
  expect(installed).not.toEqual(before);
  await hooks('install', dir, more);
  expect(await tree(dir)).toEqual(installed);
  expect(await states(dir, more)).toEqual(allIn('installed'));
  const passed = await commitOn('task/mine');
  expect(passed.stderr).not.toContain('error');
  expect(passed.log).toBe(theirs);
  expect(passed.status).toBe(0);
  expect(await git(['log', '-1', '--format=%B'], { cwd: dir })).toContain('Task: mine');
  const refused = await commitOn('task/unclaimed');
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('unclaimed is not claimed');
  await hooks('uninstall', dir, more);
  await hooks('uninstall', dir, more);
  expect(await tree(dir)).toEqual(before);
  expect(await states(dir, more)).toEqual(allIn('missing'));
}

const logs = (word: string) => `echo ${word} >>"$HOOK_LOG"\n`;

test('a clone without hooks', async () => {
  await provesItself('');
});

test('shell hooks get a block and go on, with their own mode and status', async () => {
  await put(hook('pre-commit'), `#!/usr/bin/env bash\nset -eu\n${logs('"$(basename "$0")"')}`, 0o775);
  await put(hook('commit-msg'), `#!/bin/sh\n${logs('$#')}exit 0`, 0o700);
  await provesItself('pre-commit\n1\n');
  await hooks('install');
  await put(hook('pre-commit'), `${await readFile(hook('pre-commit'), 'utf8')}exit 3\n`);
  expect((await commitOn('task/mine')).status).toBe(1);
});

test('hooks that are no shell scripts, links and cut ones are set aside', async () => {
  const other = `#!${process.execPath}\nrequire('node:fs').appendFileSync(process.env.HOOK_LOG, 'node\\n');\n`;
  await put(hook('pre-commit'), other);
  await put(join(scratch.dir, 'linked'), `#!/bin/sh\n${logs('linked')}`);
  await symlink(join(scratch.dir, 'linked'), hook('commit-msg'));
  await provesItself('node\nlinked\n');
});

test('a set-aside hook decides too', async () => {
  await put(hook('pre-commit'), `#!${process.execPath}\nprocess.exit(1);\n`);
  await hooks('install');
  expect((await commitOn('task/mine')).status).toBe(1);
});

test('lines that somebody added to our file stay', async () => {
  await hooks('install');
  await put(hook('pre-commit'), `${await readFile(hook('pre-commit'), 'utf8')}echo more\n`);
  await hooks('uninstall');
  expect(await readFile(hook('pre-commit'), 'utf8')).toBe('#!/bin/sh\necho more\n');
});

test('an older block is brought up to date', async () => {
  await hooks('install');
  const text = await readFile(hook('pre-commit'), 'utf8');
  await put(hook('pre-commit'), text.replace('sh "$coord_hook"', 'true'));
  expect((await states())[0]).toBe('pre-commit outdated');
  await hooks('install');
  expect(await readFile(hook('pre-commit'), 'utf8')).toBe(text);
  await rm(join(dir, '.git/hooks/git-coord'));
  expect(await states()).toEqual(allIn('missing'));
  expect((await commitOn('task/unclaimed')).status).toBe(0);
});

test('husky: our lines go into its scripts, which it does not write anew', async () => {
  const h =
    '#!/usr/bin/env sh\nn=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\n';
  await put(join(dir, '.husky/_/h'), h);
  for (const name of ['pre-commit', 'commit-msg', 'pre-push'])
    await put(join(dir, '.husky/_', name), '#!/usr/bin/env sh\n. "$(dirname "$0")/h"');
  await put(join(dir, '.husky/pre-commit'), logs('husky'), 0o644);
  await git(['config', 'core.hooksPath', '.husky/_'], { cwd: dir });
  await provesItself('husky\n');
});

test('lefthook: its generated script keeps running', async () => {
  const script = `#!/bin/sh\n\nif [ "$LEFTHOOK_VERBOSE" = "1" ]; then\n  set -x\nfi\n\ncall_lefthook()\n{\n  ${logs('"lefthook $*"')}}\n\ncall_lefthook run "pre-commit" "$@"\n`;
  await writeFile(join(dir, 'lefthook.yml'), 'pre-commit:\n  commands: {}\n');
  await put(hook('pre-commit'), script);
  await provesItself('lefthook run pre-commit\n');
});

test.each(['relative', 'absolute'])('core.hooksPath into the worktree, %s', async (kind) => {
  const folder = join(dir, '.githooks');
  await put(join(folder, 'pre-commit'), `#!/bin/sh\n${logs('tree')}`);
  await git(['config', 'core.hooksPath', kind === 'relative' ? '.githooks' : folder], { cwd: dir });
  await provesItself('tree\n');
});

test('core.hooksPath that is empty, with which git finds no hooks', async () => {
  await git(['config', 'core.hooksPath', ''], { cwd: dir });
  await provesItself('');
});

test.each(['global', 'local'])('a hooks folder that others use too stays as it is (%s)', async (scope) => {
  const folder = join(scratch.dir, 'shared hooks');
  await put(join(folder, 'pre-commit'), `#!/bin/sh\n${logs('shared')}`);
  await put(join(folder, 'post-commit'), `#!/bin/sh\n${logs('after')}`);
  await put(join(folder, 'lib/words'), 'no hook');
  const global = join(scratch.dir, 'gitconfig');
  await writeFile(global, await readFile(process.env.GIT_CONFIG_GLOBAL ?? '', 'utf8'));
  const more = { GIT_CONFIG_GLOBAL: global };
  Object.assign(env, more);
  await run('git', ['config', `--${scope}`, 'core.hooksPath', folder], dir, env);
  const shared = await tree(folder);
  await hooks('install', dir, more);
  expect((await readdir(join(dir, '.git/coord-hooks'))).sort()).toEqual([
    '.before',
    'commit-msg',
    'post-commit',
    'pre-commit',
    'pre-push',
  ]);
  await hooks('uninstall', dir, more);
  await provesItself('shared\nafter\n', more);
  expect(await tree(folder)).toEqual(shared);
  delete env.GIT_CONFIG_GLOBAL;
  env.GIT_CONFIG_GLOBAL = process.env.GIT_CONFIG_GLOBAL;
});

test('a hooks folder that is a link to one of others is left alone; what is printed has git use that one', async () => {
  const folder = join(scratch.dir, "others' hooks");
  await put(join(folder, 'pre-commit'), `#!/bin/sh\n${logs('shared')}`);
  await rm(join(dir, '.git/hooks'), { recursive: true });
  await symlink(folder, join(dir, '.git/hooks'));
  const before = await tree(folder);
  const { status, stdout } = await coord(dir, env, 'hooks', 'install', '--json');
  const { error } = JSON.parse(stdout);
  expect([status, error.code, error.message]).toEqual([7, 'exists', expect.stringContaining(`is a link to ${folder}`)]);
  expect(await tree(folder)).toEqual(before);
  expect((await run('sh', ['-c', error.next[0]], dir, env)).status).toBe(0);
  await mkdir(join(dir, '.git/hooks'));
  await provesItself('shared\n');
  expect(await tree(folder)).toEqual(before);
});

test('linked worktrees share the hooks, installed and removed from any of them', async () => {
  const linked = join(scratch.dir, 'linked tree');
  await git(['worktree', 'add', '--quiet', '-b', 'elsewhere', linked], { cwd: dir });
  const before = await tree(dir);
  await hooks('install', linked);
  expect(await states()).toEqual(allIn('installed'));
  expect((await commitOn('task/mine', linked)).status).toBe(0);
  expect((await commitOn('task/unclaimed', linked)).status).toBe(1);
  expect((await commitOn('task/unclaimed2')).status).toBe(1);
  await hooks('uninstall');
  expect(await tree(dir)).toEqual(before);
});

test('what the system refuses is said, is no defect, and leaves nothing half-made', async () => {
  const cases: [string, () => Promise<void>][] = [
    ['EEXIST', () => put(join(dir, '.git/hooks'), 'a file')],
    ['EISDIR', () => put(hook('git-coord/keep'), '')],
  ];
  for (const [code, make] of cases) {
    await rm(join(dir, '.git/hooks'), { recursive: true });
    await make();
    const before = await tree(dir);
    const { status, stdout } = await coord(dir, env, 'hooks', 'install', '--json');
    expect([status, JSON.parse(stdout).error]).toMatchObject([6, { code: 'unavailable' }]);
    expect(JSON.parse(stdout).error.message).toMatch(
      new RegExp(`^the hooks can't be changed: ${code}: .*/\\.git/hooks`),
    );
    expect(await tree(dir)).toEqual(before);
    const { data } = JSON.parse((await coord(dir, env, 'doctor', '--fix', '--json')).stdout);
    expect(data.checks.find(({ id }: { id: string }) => id === 'hooks')).toMatchObject({ ok: false });
  }
});

test('text for people names the files', async () => {
  const { stdout } = await coord(dir, env, 'hooks', 'install');
  expect(stdout).toMatch(/^pre-commit +installed +.*\.git\/hooks\/pre-commit$/m);
  expect((await coord(dir, env, 'hooks', 'uninstall')).stdout).toBe('hooks removed\n');
  expect((await coord(dir, env, 'hooks', 'uninstall')).stdout).toBe('no hooks were installed\n');
});
