import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claim, coord, envOf, makeBookClone, message, type Ran, run, withBook } from '../helpers/hook-repo.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let dir: string;
const env = envOf('agent-a');

beforeEach(async () => {
  scratch = await makeScratch();
  dir = join(scratch.dir, 'a "clone" of ours');
  await makeBookClone(dir);
  expect((await coord(dir, env, 'hooks', 'install')).status).toBe(0);
  await git(['checkout', '--quiet', '-b', 'task/build-api'], { cwd: dir });
});
afterEach(() => scratch.remove());

const commit = (args: readonly string[], more: NodeJS.ProcessEnv = {}, cwd = dir): Promise<Ran> =>
  run('git', ['commit', '--allow-empty', ...args], cwd, { ...env, ...more });
const heldFile = () => join(dir, '.git/coord/held/build-api');

/** A PATH with git and the shell's tools, but without node and git-coord. */
async function pathWithoutNode(): Promise<string> {
  const bin = join(scratch.dir, 'bin');
  await mkdir(bin);
  for (const name of ['git', 'sh', 'cat', 'sed', 'ls', 'tail', 'env']) {
    const at = (await run('/bin/sh', ['-c', `command -v ${name}`], dir, process.env)).stdout.trim();
    await symlink(at, join(bin, name));
  }
  return bin;
}

/** What node is when it is gone: the hooks know a program that isn't there any more. */
async function forgetProgram(): Promise<NodeJS.ProcessEnv> {
  const script = join(dir, '.git/hooks/git-coord');
  const text = await readFile(script, 'utf8');
  await writeFile(script, text.replace(/^tool=.*$/m, "tool='/gone'").replace(/^node=.*$/m, "node='/gone'"));
  return { PATH: await pathWithoutNode() };
}

test('an unclaimed task is refused, with the command to type', async () => {
  const { status, stderr } = await commit(['-m', 'work']);
  expect(status).toBe(1);
  expect(stderr).toContain('build-api is not claimed');
  expect(stderr).toContain('git coord claim build-api');
});

test("somebody else's task is refused, with the holder named and since when", async () => {
  await claim(dir, 'agent-b', 'build-api');
  const { status, stderr } = await commit(['-m', 'work']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/build-api is held by agent-b since \d{4}-/);
  expect(stderr).toContain('git coord claim build-api');
});

test('the same agent in another session is told so', async () => {
  await claim(dir, 'agent-a', 'build-api');
  const { status, stderr } = await commit(['-m', 'work'], { COORD_SESSION: 's-other' });
  expect(status).toBe(1);
  expect(stderr).toContain('another session of yours');
});

test('a task that was taken from us is refused as lost', async () => {
  await claim(dir, 'agent-a', 'build-api');
  const entry = await readFile(heldFile(), 'utf8');
  await claim(dir, 'agent-b', 'build-api', true);
  await writeFile(heldFile(), entry.replace('"claim":', '"lost":true,"claim":'));
  const { status, stderr } = await commit(['-m', 'work']);
  expect(status).toBe(1);
  expect(stderr).toContain('you no longer hold build-api: agent-b has it now');
});

test('a lease that ran out by our clock is asked about, and passes while the task is still ours', async () => {
  await claim(dir, 'agent-a', 'build-api');
  const entry = await readFile(heldFile(), 'utf8');
  await writeFile(heldFile(), entry.replace(/^until=.*$/m, 'until=0.05'));
  expect((await commit(['-m', 'work'])).status).toBe(0);
  await withBook(dir, 'agent-a', (book) => book.release('build-api'));
  await writeFile(heldFile(), entry.replace(/^until=.*$/m, 'until=0.05'));
  const refused = await commit(['-m', 'work']);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('you no longer hold build-api');
});

test('a held task passes with trailers, without node, in dash and bash --posix', async () => {
  const term = await claim(dir, 'agent-a', 'build-api');
  const more = await forgetProgram();
  expect((await commit(['-m', 'work'], more)).status).toBe(0);
  expect(await message(dir)).toBe(`work\n\nTask: build-api\nClaim-Term: ${term}\n`);
  for (const shell of [['bash', '--posix'], ['busybox', 'sh'], ['dash']]) {
    if ((await run('/bin/sh', ['-c', `command -v ${shell[0]}`], dir, process.env)).status !== 0) {
      console.log(`SKIP ${shell[0]}: it is not installed`);
      continue;
    }
    const [command = '', ...args] = shell;
    const at = (await run('/bin/sh', ['-c', `command -v ${command}`], dir, process.env)).stdout.trim();
    const script = join(dir, '.git/hooks/git-coord');
    const file = join(scratch.dir, 'message');
    await writeFile(file, 'by shell\n');
    expect((await run(at, [...args, script, 'pre-commit'], dir, { ...env, ...more })).stderr).toBe('');
    expect((await run(at, [...args, script, 'commit-msg', file], dir, { ...env, ...more })).stderr).toBe('');
    expect(await readFile(file, 'utf8')).toBe(`by shell\n\nTask: build-api\nClaim-Term: ${term}\n`);
  }
});

test('what the shell must not believe is left to node', async () => {
  await claim(dir, 'agent-a', 'build-api');
  const more = await forgetProgram();
  const entry = await readFile(heldFile(), 'utf8');
  expect((await commit(['-m', 'work'], more)).stderr).toBe('');
  const doubts: [RegExp, string][] = [
    [/^until=.*$/m, 'until=0.05'],
    [/^until=.*$/m, 'until='],
    [/^boot=.*$/m, 'boot=another'],
    [/^agent=.*$/m, 'agent=agent-b'],
    [/^session=.*$/m, 'session=s-agent-b'],
    [/^task=.*$/m, 'task=other'],
    [/^state=\{/m, 'state={"lost":true,'],
    [/^place=.*$/m, 'place=elsewhere:1'],
    [/^state=[\s\S]*/m, ''],
  ];
  for (const [line, doubt] of doubts) {
    expect(entry).toMatch(line);
    await writeFile(heldFile(), entry.replace(line, doubt));
    expect((await commit(['-m', 'work'], more)).stderr, doubt).toContain('node was not found');
  }
});

test('the pass path starts no node, and little else', async () => {
  await claim(dir, 'agent-a', 'build-api');
  const log = join(scratch.dir, 'trace');
  const args = ['-f', '-e', 'trace=execve', '-o', log, 'git', 'commit', '--allow-empty', '-m', 'work'];
  const traced = await run('strace', args, dir, env);
  if (!existsSync(log)) return console.log('SKIP forks: strace is not there or may not trace');
  expect(traced.status).toBe(0);
  const started = [...(await readFile(log, 'utf8')).matchAll(/execve\("([^"]*)".* = 0$/gm)].map((match) => match[1]);
  expect(started.filter((path) => path?.endsWith('/node'))).toEqual([]);
  // git commit, two hooks with a script each, interpret-trailers; git's own maintenance comes on top
  const own = started.filter((path) => !path?.includes('git-core'));
  expect(own.length).toBeLessThanOrEqual(8);
});

test("a worktree's own identity is enough, and is not believed in a copied clone", async () => {
  const bare = { ...process.env, COORD_DAEMON: 'off' };
  const { openBook } = await import('../../src/index.ts');
  const book = await openBook({ dir, env: bare });
  await book.claim('build-api');
  await book.close();
  const more = await forgetProgram();
  const args = ['commit', '--allow-empty', '-m', 'work'];
  expect((await run('git', args, dir, { ...bare, ...more })).stderr).toBe('');
  const copy = join(scratch.dir, 'copy');
  await run('cp', ['-a', dir, copy], dir, bare);
  const copied = await run('git', args, copy, { ...bare, ...more });
  expect(copied.status).toBe(1);
  expect(copied.stderr).toContain('node was not found');
  const file = join(dir, '.git/coord-identity');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^inode=.*$/m, 'inode=1'));
  expect((await run('git', args, dir, { ...bare, ...more })).stderr).toContain('node was not found');
});

test('a session that was recorded for a process above counts, and one of an ended process does not', async () => {
  const { recordSession, processFacts } = await import('../../src/config/sessions.ts');
  await claim(dir, 'agent-a', 'build-api');
  const coordDir = join(dir, '.git/coord');
  const entry = { session: 's-agent-a', agent: 'agent-a', pid: process.pid, tool: 'test' };
  if (!(await recordSession(coordDir, entry))) return console.log('SKIP sessions: there is no /proc');
  const more = { ...(await forgetProgram()), COORD_SESSION: '', CLAUDE_CODE_SESSION_ID: 's-tool' };
  expect((await commit(['-m', 'work'], more)).stderr).toBe('');
  const file = join(coordDir, 'sessions', String(process.pid));
  const start = processFacts(process.pid)?.start ?? '';
  await writeFile(file, (await readFile(file, 'utf8')).replace(`start=${start}`, 'start=1'));
  expect((await commit(['-m', 'work'], more)).status).toBe(1);
  await claim(dir, 'agent-a', 'build-api');
  const held = await readFile(heldFile(), 'utf8');
  await writeFile(heldFile(), held.replace('session=s-agent-a', 'session=s-tool'));
  expect((await commit(['-m', 'work'], more)).status).toBe(0);
});

test('trailers are not doubled by an amend, and follow the term', async () => {
  const first = await claim(dir, 'agent-a', 'build-api');
  await commit(['-m', 'work\n\nWhy it is done.\n\nSigned-off-by: A <a@b>']);
  const stamped = `work\n\nWhy it is done.\n\nSigned-off-by: A <a@b>\nTask: build-api\nClaim-Term: ${first}\n`;
  expect(await message(dir)).toBe(stamped);
  expect((await commit(['--amend', '--no-edit'])).status).toBe(0);
  expect(await message(dir)).toBe(stamped);
  await withBook(dir, 'agent-a', (book) => book.release('build-api'));
  const second = await claim(dir, 'agent-a', 'build-api');
  expect(second).toBeGreaterThan(first);
  await commit(['--amend', '--no-edit']);
  const again = stamped.replace(`Term: ${first}`, `Term: ${second}`);
  expect(await message(dir)).toBe(again);
  await commit(['--amend', '--no-edit', '-s']);
  await commit(['--amend', '--no-edit']);
  expect(await message(dir)).toBe(`${again.trimEnd()}\nSigned-off-by: Test <test@example.invalid>\n`);
});

test('an empty message and an untouched template stay so that git stops; comments and the diff of -v survive', async () => {
  const term = await claim(dir, 'agent-a', 'build-api');
  const editor = (script: string) => ({ GIT_EDITOR: script });
  expect((await commit(['-e', '-v'], editor('true'))).stderr).toContain('empty commit message');
  const template = join(scratch.dir, 'template');
  await writeFile(template, 'Fill me in\n');
  await git(['config', 'commit.template', template], { cwd: dir });
  expect((await commit([], editor('true'))).stderr).toContain('did not edit the message');
  await git(['config', '--unset', 'commit.template'], { cwd: dir });
  await appendFile(join(dir, 'readme'), 'Task: in the diff\n');
  await writeFile(join(scratch.dir, 'subject'), 'subject\n\n---\nbelow the line\n');
  const put = `sh -c 'cat "${scratch.dir}/subject" "$0" > "$0.x"; mv "$0.x" "$0"'`;
  expect((await commit(['-a', '-v'], editor(put))).status).toBe(0);
  expect(await message(dir)).toBe(`subject\n\n---\nbelow the line\n\nTask: build-api\nClaim-Term: ${term}\n`);
  expect((await commit(['-m', '#12: a number first\n\n#13 too'])).status).toBe(0);
  expect(await message(dir)).toBe(`#12: a number first\n\n#13 too\n\nTask: build-api\nClaim-Term: ${term}\n`);
});

test('fixup, squash, merge and rebase go on as before', async () => {
  const term = await claim(dir, 'agent-a', 'build-api');
  await commit(['-m', 'work']);
  const trailers = `\n\nTask: build-api\nClaim-Term: ${term}\n`;
  await appendFile(join(dir, 'readme'), 'more\n');
  expect((await commit(['-a', '--fixup', 'HEAD'])).status).toBe(0);
  expect(await message(dir)).toBe(`fixup! work${trailers}`);
  const gitRun = (...args: string[]) =>
    run('git', args, dir, { ...env, GIT_SEQUENCE_EDITOR: 'true', GIT_EDITOR: 'true' });
  expect((await gitRun('rebase', '-i', '--autosquash', '--keep-empty', 'main')).status).toBe(0);
  expect(await message(dir)).toBe(`work${trailers}`);
  await gitRun('checkout', '-q', 'main');
  await gitRun('commit', '--allow-empty', '-m', 'elsewhere');
  expect(await message(dir)).toBe('elsewhere\n');
  await gitRun('checkout', '-q', 'task/build-api');
  expect((await gitRun('merge', '--no-edit', 'main')).status).toBe(0);
  expect(await message(dir)).toBe(`Merge branch 'main' into task/build-api${trailers}`);
});

test('a commit in the middle of a rebase belongs to the branch that is rebased; a detached HEAD has no task', async () => {
  await commit(['--no-verify', '-m', 'unclaimed']);
  const tip = await git(['rev-parse', 'HEAD'], { cwd: dir });
  await run('git', ['rebase', '-i', '--keep-empty', 'HEAD~1'], dir, {
    ...env,
    GIT_SEQUENCE_EDITOR: 'sed -i s/^pick/edit/',
  });
  const during = await commit(['-m', 'during']);
  expect(during.status).toBe(1);
  expect(during.stderr).toContain('build-api is not claimed');
  await git(['rebase', '--abort'], { cwd: dir });
  await git(['checkout', '--quiet', '--detach', tip], { cwd: dir });
  expect((await commit(['-m', 'detached'])).status).toBe(0);
});

test('a Task trailer names the task on another branch; a stamped message and other words pass', async () => {
  await git(['checkout', '--quiet', 'main'], { cwd: dir });
  const refused = await commit(['-m', 'work\n\nTask: Build-API']);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('build-api is not claimed');
  expect((await commit(['-m', 'work\n\nTask: build-api\nClaim-Term: 7'])).status).toBe(0);
  expect((await commit(['-m', 'Task: tidy up\n\nTask: two words'])).status).toBe(0);
  const term = await claim(dir, 'agent-a', 'build-api');
  expect((await commit(['-m', 'work\n\nTask: build-api'])).status).toBe(0);
  expect(await message(dir)).toBe(`work\n\nTask: build-api\nClaim-Term: ${term}\n`);
});

test('works from a subfolder, by -C, by GIT_DIR, with commit -a, and in a linked worktree', async () => {
  const term = await claim(dir, 'agent-a', 'build-api');
  const more = await forgetProgram();
  const sub = join(dir, "sub 'folder'");
  await mkdir(sub);
  await appendFile(join(dir, 'readme'), 'a\n');
  expect((await commit(['-a', '-m', 'sub'], more, sub)).stderr).toBe('');
  expect(
    (await run('git', ['-C', dir, 'commit', '--allow-empty', '-m', 'x'], scratch.dir, { ...env, ...more })).stderr,
  ).toBe('');
  const located = { ...more, GIT_DIR: join(dir, '.git'), GIT_WORK_TREE: dir };
  expect((await commit(['-m', 'by GIT_DIR'], located, scratch.dir)).stderr).toBe('');
  expect(await message(dir)).toContain(`by GIT_DIR\n\nTask: build-api\nClaim-Term: ${term}\n`);
  const tree = join(scratch.dir, 'a tree');
  await git(['worktree', 'add', '--quiet', '-b', 'task/other', tree], { cwd: dir });
  await claim(dir, 'agent-a', 'other');
  expect((await commit(['-m', 'in a worktree'], more, tree)).stderr).toBe('');
  expect(await message(tree)).toMatch(/Task: other\nClaim-Term: \d+\n$/);
});

test('the bypass passes without node and stands in the commit', async () => {
  const more = await forgetProgram();
  expect((await commit(['-m', 'urgent'], { ...more, COORD_BYPASS: '1' })).stderr).toBe('');
  expect(await message(dir)).toBe('urgent\n\nTask: build-api\nCoord-Bypass: agent-a\n');
  await git(['checkout', '--quiet', 'main'], { cwd: dir });
  expect((await commit(['-m', 'no task'], { ...more, COORD_BYPASS: '1' })).status).toBe(0);
  expect(await message(dir)).toBe('no task\n');
});

test('the policy: warn says it and passes, off says nothing; a changed one reaches the script', async () => {
  await git(['config', 'coord.hooks.policy', 'warn'], { cwd: dir });
  const warned = await commit(['-m', 'work']);
  expect(warned.status).toBe(0);
  expect(warned.stderr).toContain('warning: build-api is not claimed');
  expect(await readFile(join(dir, '.git/hooks/git-coord'), 'utf8')).toContain("policy='warn'\n");
  expect(await message(dir)).toBe('work\n');
  await git(['config', 'coord.hooks.policy', 'off'], { cwd: dir });
  await claim(dir, 'agent-a', 'build-api');
  // the shell part alone would not ask: whoever turns the hooks off for good installs them again, or any hook that asks does it
  expect((await coord(dir, env, 'hooks', 'install')).status).toBe(0);
  expect((await commit(['-m', 'quiet'])).stderr).toBe('');
  expect(await message(dir)).toBe('quiet\n');
});

test('where node is missing, require refuses and says so; warn passes and says so', async () => {
  const more = await forgetProgram();
  const refused = await commit(['-m', 'work'], more);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('node was not found');
  expect(refused.stderr).toContain('hooks.policy is require');
  const warned = await commit(['-m', 'work'], { ...more, COORD_HOOKS_POLICY: 'warn' });
  expect(warned.status).toBe(0);
  expect(warned.stderr).toContain('warning: node was not found');
  expect((await commit(['-m', 'work'], { ...more, COORD_HOOKS_POLICY: 'off' })).stderr).toBe('');
});

test('another pattern of branches', async () => {
  await git(['config', 'coord.tasks.branch', 'work/{id}-x'], { cwd: dir });
  await coord(dir, env, 'hooks', 'install');
  expect((await commit(['-m', 'no task any more'])).status).toBe(0);
  await git(['checkout', '--quiet', '-b', 'work/t1-x'], { cwd: dir });
  expect((await commit(['-m', 'work'])).stderr).toContain('t1 is not claimed');
});

test('with the remote away a held task passes and another is refused as unchecked', async () => {
  const remote = await makeBareRepo(join(scratch.dir, 'remote.git'));
  const clone = join(scratch.dir, 'with remote');
  await makeBookClone(clone, remote);
  await coord(clone, env, 'hooks', 'install');
  await git(['checkout', '--quiet', '-b', 'task/build-api'], { cwd: clone });
  await claim(clone, 'agent-a', 'build-api');
  await rm(remote, { recursive: true });
  expect((await commit(['-m', 'work'], {}, clone)).status).toBe(0);
  await git(['checkout', '--quiet', '-b', 'task/other'], { cwd: clone });
  const refused = await commit(['-m', 'work'], {}, clone);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('nobody can tell whether you hold other');
  await git(['config', 'coord.hooks.policy', 'warn'], { cwd: clone });
  expect((await commit(['-m', 'work'], {}, clone)).status).toBe(0);
});

test('a hook that is not executable is not run by ours', async () => {
  await coord(dir, env, 'hooks', 'uninstall');
  const hook = join(dir, '.git/hooks/pre-commit');
  await writeFile(hook, '#!/bin/sh\nexit 9\n');
  await chmod(hook, 0o644);
  await coord(dir, env, 'hooks', 'install');
  await claim(dir, 'agent-a', 'build-api');
  expect((await commit(['-m', 'work'])).status).toBe(0);
});
