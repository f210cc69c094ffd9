import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkGitVersion, configValues, gitVersion, readClone } from '../../../src/config/clone.ts';
import { parseConfig } from '../../../src/transport/git-config.ts';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'coord-clone-')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const git = (cwd: string, ...args: string[]) => execFileSync('git', args, { cwd, stdio: 'pipe' }).toString();
const read = (cwd: string, more: NodeJS.ProcessEnv = {}) => readClone({ cwd, env: { ...process.env, ...more } });

test('a clone and its worktree share the coord folder, not the git folder', async () => {
  git(root, 'init', '-q', 'a');
  const main = join(root, 'a');
  git(main, 'commit', '-q', '--allow-empty', '-m', 'x');
  git(main, 'config', 'coord.claimTtl', '30s');
  git(main, 'worktree', 'add', '-q', '../b');
  mkdirSync(join(main, 'deep'));
  const clone = await read(join(main, 'deep'));
  expect(clone).toMatchObject({
    gitDir: join(main, '.git'),
    commonDir: join(main, '.git'),
    topLevel: main,
    coordDir: join(main, '.git/coord'),
    objectFormat: 'sha1',
    isShallow: false,
  });
  expect(clone.gitConfig.get('coord.claimttl')).toEqual(['30s']);
  const tree = await read(join(root, 'b'));
  expect(tree).toMatchObject({
    gitDir: join(main, '.git/worktrees/b'),
    commonDir: join(main, '.git'),
    topLevel: join(root, 'b'),
  });
  expect(tree.coordDir).toBe(clone.coordDir);
});

test('bare, shallow and sha256 repositories, and a folder with an odd name', async () => {
  git(root, 'init', '-q', '--bare', 'bare');
  expect(await read(join(root, 'bare'))).toMatchObject({ topLevel: null, gitDir: join(root, 'bare') });
  git(root, 'init', '-q', '--object-format=sha256', 'ünï "b"');
  const odd = join(root, 'ünï "b"');
  git(odd, 'commit', '-q', '--allow-empty', '-m', 'x');
  expect(await read(odd)).toMatchObject({ topLevel: odd, objectFormat: 'sha256' });
  expect((await read(join(odd, '.git'))).topLevel).toBeNull();
  git(odd, 'commit', '-q', '--allow-empty', '-m', 'y');
  git(root, 'clone', '-q', '--depth=1', `file://${odd}`, 'shallow');
  expect((await read(join(root, 'shallow'))).isShallow).toBe(true);
});

test('what a hook is given locates the repository, and git -c counts', async () => {
  git(root, 'init', '-q', 'a');
  const gitDir = join(root, 'a/.git');
  const env = { GIT_DIR: gitDir, GIT_WORK_TREE: join(root, 'a'), GIT_INDEX_FILE: join(gitDir, 'index') };
  expect(await read(root, env)).toMatchObject({ gitDir, topLevel: join(root, 'a') });
  const relative = await read(join(root, 'a'), { GIT_DIR: '.git', GIT_CONFIG_PARAMETERS: "'coord.agent'='me'" });
  expect(relative.gitDir).toBe(gitDir);
  expect(relative.gitConfig.get('coord.agent')).toEqual(['me']);
});

test('outside a repository, and in no folder at all', async () => {
  await expect(read(root)).rejects.toMatchObject({ code: 'not-found', next: ['git init', 'git coord init'] });
  await expect(read(join(root, 'none'))).rejects.toMatchObject({ code: 'not-found' });
});

/** A git that says what a real one would, put first on the PATH. */
function fakeGit(script: string): NodeJS.ProcessEnv {
  const bin = join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'git'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'git'), 0o755);
  return { PATH: `${bin}:/usr/bin:/bin` };
}

test('a git that is missing or too old is named', async () => {
  await expect(read(root, { PATH: root })).rejects.toMatchObject({
    code: 'unavailable',
    message: 'git was not found on the PATH',
  });
  const old = fakeGit('[ "$1" = version ] && echo "git version 2.25.1" || { echo "--path-format=absolute"; exit 0; }');
  await expect(read(root, old)).rejects.toMatchObject({
    code: 'unavailable',
    message: 'git 2.38 or newer is needed; this one is 2.25.1',
  });
  await expect(checkGitVersion({ cwd: root, env: { ...process.env, ...old } })).rejects.toMatchObject({
    code: 'unavailable',
  });
  const apple = fakeGit('echo "git version 2.39.5 (Apple Git-154)"');
  expect(await checkGitVersion({ cwd: root, env: { ...process.env, ...apple } })).toBe('2.39.5');
  const windows = fakeGit('echo "git version 2.100.0.windows.1"');
  expect(await gitVersion({ cwd: root, env: { ...process.env, ...windows } })).toBe('2.100.0');
});

test("a repository of somebody else is refused in git's words", async () => {
  git(root, 'init', '-q', 'a');
  await expect(read(join(root, 'a'), { GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('dubious ownership'),
  });
});

test('values with newlines, keys without a value, and repeated keys', () => {
  const config = configValues(parseConfig('local\0a.b\none\ntwo\0local\0a.c\0global\0a.d\n1\0local\0a.d\n2\0'));
  expect([...config]).toEqual([
    ['a.b', ['one\ntwo']],
    ['a.c', ['true']],
    ['a.d', ['1', '2']],
  ]);
});
