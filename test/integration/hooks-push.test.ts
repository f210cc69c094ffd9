import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claim, coord, envOf, makeBookClone, type Ran, run, withBook } from '../helpers/hook-repo.ts';
import { git, makeBareRepo, makeClone, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let remote: string;
let dir: string;
const env = envOf('agent-a');

beforeEach(async () => {
  scratch = await makeScratch();
  remote = await makeBareRepo(join(scratch.dir, 'remote.git'));
  dir = join(scratch.dir, 'one');
  await makeBookClone(dir, remote);
  expect((await coord(dir, env, 'hooks', 'install')).status).toBe(0);
  await claim(dir, 'agent-a', 'x');
  await git(['checkout', '--quiet', '-b', 'task/x'], { cwd: dir });
  await run('git', ['commit', '--quiet', '--allow-empty', '-m', 'work'], dir, env);
});
afterEach(() => scratch.remove());

const push = (args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  run('git', ['push', ...args], dir, { ...env, ...more });
const refsOf = () =>
  git(['for-each-ref', '--format=%(refname) %(objectname)', 'refs/claims', 'refs/board'], { cwd: remote });

async function otherClone(): Promise<string> {
  const other = join(scratch.dir, 'two');
  await makeClone(remote, other);
  await git(['config', 'coord.book', 'book-1'], { cwd: other });
  await git(['config', 'coord.mode', 'remote'], { cwd: other });
  return other;
}

test('the branch of a held task goes through, and that of one that was finished here', async () => {
  expect(await push(['origin', 'task/x'])).toMatchObject({ status: 0 });
  await run('git', ['commit', '--quiet', '--allow-empty', '-m', 'more'], dir, env);
  await withBook(dir, 'agent-a', (book) => book.done('x'));
  expect(await push(['origin', 'task/x'])).toMatchObject({ status: 0 });
  expect(await push(['origin', '--delete', 'task/x'])).toMatchObject({ status: 0 });
});

test('the branch of a task that was taken from us is refused, with the holder named', async () => {
  await claim(await otherClone(), 'agent-b', 'x', true);
  const { status, stderr } = await push(['origin', 'task/x']);
  expect(status).not.toBe(0);
  expect(stderr).toContain('you no longer hold x: agent-b has it now');
  expect(await push(['origin', 'task/x'], { COORD_HOOKS_POLICY: 'warn' })).toMatchObject({ status: 0 });
});

test('the branch of an unclaimed task is refused, unless its newest term was the last', async () => {
  await run('git', ['push', '-q', 'origin', 'main'], dir, env);
  await git(['branch', 'task/y', 'main'], { cwd: dir });
  expect((await push(['origin', 'task/y'])).stderr).toContain('y is not claimed');
  const other = await otherClone();
  await claim(other, 'agent-b', 'y');
  await withBook(other, 'agent-b', (book) => book.done('y'));
  expect((await push(['origin', 'task/y'])).stderr).toContain('y is not claimed');
  const tree = await git(['rev-parse', 'main^{tree}'], { cwd: dir });
  const stamped = ['commit-tree', '-p', 'main', '-m', 'theirs\n\nTask: y\nClaim-Term: 1', tree];
  await git(['branch', '-f', 'task/y', await git(stamped, { cwd: dir })], { cwd: dir });
  expect(await push(['origin', 'task/y'])).toMatchObject({ status: 0 });
});

test.each(['require', 'warn'])(
  'coordination refs are neither pushed nor deleted, nor mirrored, which git does not tell of (%s)',
  async (policy) => {
    await git(['config', 'coord.hooks.policy', policy], { cwd: dir });
    await coord(dir, env, 'hooks', 'install');
    await git(['remote', 'add', '--mirror=push', 'backup', remote], { cwd: dir });
    const before = await refsOf();
    expect(before).toContain('refs/claims/x');
    for (const args of [
      ['--mirror', 'origin'],
      ['origin', '--mirror'],
      ['--prune', 'origin', 'refs/*:refs/*'],
      ['backup'],
      ['origin', ':refs/claims/x'],
      ['--force', 'origin', 'HEAD:refs/board/x'],
      ['origin', 'HEAD:refs/agents/me', 'HEAD:refs/heads/fine'],
    ]) {
      const { status, stderr } = await push(args, { COORD_BYPASS: '1' });
      expect(status, args.join(' ')).not.toBe(0);
      expect(stderr).toMatch(/is a coordination ref|--mirror would delete/);
    }
    expect(await refsOf()).toBe(before);
    await git(['config', 'alias.mir', 'push --mirror'], { cwd: dir });
    expect((await run('git', ['mir', 'origin'], dir, env)).stderr).toContain('--mirror would delete');
    const script = ['-c', 'git push origin HEAD:refs/heads/plain && : git push --mirror'];
    expect(await run('sh', script, dir, env)).toMatchObject({ status: 0 });
    expect(await push(['origin', 'HEAD:refs/archive/of-another-tool'])).toMatchObject({ status: 0 });
  },
);

test('with the remote away there is a warning beside the failure of the push itself', async () => {
  await rename(remote, `${remote}.away`);
  const { stderr } = await push(['origin', 'task/x']);
  expect(stderr).not.toContain('you no longer hold');
  await rename(`${remote}.away`, remote);
  const backup = await makeBareRepo(join(scratch.dir, 'backup.git'));
  await rename(remote, `${remote}.away`);
  const warned = await push([backup, 'task/x']);
  expect(warned.status).toBe(0);
  expect(warned.stderr).toContain('warning: x was not checked');
});

test('a hook that was there gets the same lines, and none when there are none', async () => {
  await coord(dir, env, 'hooks', 'uninstall');
  const hook = join(dir, '.git/hooks/pre-push');
  const log = join(scratch.dir, 'log');
  for (const shebang of ['#!/bin/sh', '#!/usr/bin/env bash']) {
    const text = `${shebang}\nwhile read -r a b c d; do echo "[$a $c] $1" >>'${log}'; done\necho end >>'${log}'\n`;
    await writeFile(hook, text);
    await chmod(hook, 0o755);
    await coord(dir, env, 'hooks', 'install');
    await writeFile(log, '');
    const branch = `refs/heads/it's-${shebang.length}`;
    expect(await push(['origin', 'task/x', `HEAD:${branch}`])).toMatchObject({ status: 0 });
    expect(await readFile(log, 'utf8')).toContain(`[HEAD ${branch}] origin\n`);
    await writeFile(log, '');
    expect(await push(['origin', 'task/x'])).toMatchObject({ status: 0 });
    expect(await readFile(log, 'utf8')).toBe('end\n');
    await coord(dir, env, 'hooks', 'uninstall');
    expect(await readFile(hook, 'utf8')).toBe(text);
  }
});
