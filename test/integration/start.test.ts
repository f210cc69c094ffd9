// `start`: claim, worktree and branch in one step, and what becomes of the worktree afterwards.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { cliJson, startCli } from '../helpers/cli.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { git } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let project: Project;
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await project.close();
});

const kinds = ['path', 'embedded'] as const;

async function begin(kind: (typeof kinds)[number]): Promise<Agent> {
  project = await makeProject(kind);
  const anna = await project.agent('anna');
  await writeFile(join(anna.dir, '.gitignore'), 'node_modules\n');
  await anna.git('add', '.gitignore');
  await anna.git('commit', '--quiet', '--message', 'Ignore what is installed');
  await anna.git(
    ...(kind === 'path' ? ['push', '--quiet', 'origin', 'HEAD:main'] : ['update-ref', 'refs/heads/main', 'HEAD']),
  );
  if (kind === 'embedded') await git(['reset', '--quiet', '--hard'], { cwd: project.home });
  return anna;
}

async function started(agent: Agent, id: string, ...options: string[]) {
  const answer = await agent.run('start', id, ...options);
  expect(answer.status, answer.stderr).toBe(0);
  return answer.data as {
    via: string;
    worktree: { path: string; branch: string; how: string; from: string; commit: string };
  };
}

/** Somebody at work in a worktree, who is known by it alone. */
function inside(agent: Agent, dir: string) {
  const env = { ...agent.env, COORD_AGENT: undefined, COORD_SESSION: undefined };
  return {
    run: (...args: string[]) => cliJson(args, { cwd: dir, env }),
    git: (...args: string[]) => git(args, { cwd: dir }),
    async work(file: string) {
      await writeFile(join(dir, file), file);
      await git(['add', file], { cwd: dir });
      await git(['commit', '--quiet', '--message', `Change ${file}`], { cwd: dir });
    },
  };
}

const branches = (agent: Agent) => agent.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/task');
const rescued = (agent: Agent) => agent.git('for-each-ref', '--format=%(refname)', 'refs/coord-rescue');
const worktreesOf = async (agent: Agent) =>
  (await agent.git('worktree', 'list', '--porcelain')).split('\n').filter((line) => line.startsWith('worktree '))
    .length;

describe.each(kinds)('%s', (kind) => {
  test('a worktree and a branch at the target, for the same claimant; a repeat finds it', async () => {
    const anna = await begin(kind);
    await anna.git('config', 'coord.agent', 'somebody-else');
    const { via, worktree } = await started(anna, 'login');
    expect(via).toBe('created');
    expect(worktree).toMatchObject({
      branch: 'refs/heads/task/login',
      how: 'made',
      from: 'new',
      commit: await project.main(),
    });
    const there = inside(anna, worktree.path);
    expect(await there.git('symbolic-ref', 'HEAD')).toBe('refs/heads/task/login');
    expect(await there.git('status', '--porcelain')).toBe('');
    expect(await readFile(join(worktree.path, 'README'), 'utf8')).toBe('a project\n');
    expect((await there.run('claim', 'login')).data).toMatchObject({ via: 'already-mine', claim: { agent: 'anna' } });
    expect((await started(anna, 'login')).worktree).toMatchObject({ how: 'here', path: worktree.path });
  });

  test('after the landing its branch is gone, and the next task gets the worktree with what is ignored there', async () => {
    const anna = await begin(kind);
    const { worktree } = await started(anna, 'login');
    const there = inside(anna, worktree.path);
    await there.work('login');
    await mkdir(join(worktree.path, 'node_modules'));
    const landed = await there.run('land', 'login');
    expect(landed.status, landed.stderr).toBe(0);
    expect(await branches(anna)).toBe('');
    expect(await there.run('land', 'login')).toMatchObject({ status: 0, data: { attempts: 0 } });
    await writeFile(join(worktree.path, 'README'), 'changed by nobody in time\n');
    await writeFile(join(worktree.path, 'left behind'), 'too\n');
    const next = await started(anna, 'mail');
    expect(next.worktree).toMatchObject({
      how: 'reused',
      path: worktree.path,
      from: 'new',
      commit: await project.main(),
    });
    expect(existsSync(join(worktree.path, 'node_modules'))).toBe(true);
    expect(await there.git('status', '--porcelain')).toBe('');
    const [ref = ''] = (await rescued(anna)).split('\n');
    expect(ref).toContain('refs/coord-rescue/login/');
    expect(await anna.git('show', `${ref}:README`)).toBe('changed by nobody in time');
    expect(await anna.git('show', `${ref}:left behind`)).toBe('too');
  });

  test('what was committed before the release is gone on from, or with --fresh kept aside', async () => {
    const anna = await begin(kind);
    const { worktree } = await started(anna, 'login');
    const there = inside(anna, worktree.path);
    await there.work('half');
    expect((await there.run('release', 'login')).status).toBe(0);
    const other = await started(anna, 'mail');
    expect(other.worktree).toMatchObject({ how: 'reused', path: worktree.path });
    const again = await started(anna, 'login');
    expect(again.worktree).toMatchObject({ how: 'made', from: 'own' });
    expect(existsSync(join(again.worktree.path, 'half'))).toBe(true);
    await inside(anna, again.worktree.path).run('release', 'login');
    await inside(anna, again.worktree.path).git('checkout', '--quiet', '--detach');
    const fresh = await started(anna, 'login', '--fresh');
    expect(fresh.worktree).toMatchObject({ from: 'new', commit: await project.main() });
    expect(await rescued(anna)).toContain('refs/coord-rescue/login/');
  });

  test('commits that no branch has are kept when the worktree is taken for another task', async () => {
    const anna = await begin(kind);
    const { worktree } = await started(anna, 'login');
    const there = inside(anna, worktree.path);
    await there.work('login');
    expect((await there.run('land', 'login')).status).toBe(0);
    await there.work('afterthought');
    await started(anna, 'mail');
    expect(await anna.git('show', `${await rescued(anna)}:afterthought`)).toBe('afterthought');
  });

  test('20 at once in one clone: 20 worktrees, no failure', { timeout: 120_000 }, async () => {
    const anna = await begin(kind);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        cliJson(['start', `t-${n}`], {
          cwd: anna.dir,
          env: { ...anna.env, COORD_AGENT: `agent-${n}` },
          timeoutMs: 100_000,
        }),
      ),
    );
    expect(answers.map(({ status, stderr }) => status === 0 || stderr)).toEqual(Array(20).fill(true));
    const paths = new Set(answers.map(({ data }) => data.worktree.path));
    expect(paths.size).toBe(20);
    for (const { data } of answers)
      expect(await git(['status', '--porcelain', '--branch'], { cwd: data.worktree.path })).toBe(
        `## task/${data.task.id}`,
      );
  });

  test('what fails leaves no folder, no branch, no claim', async () => {
    const anna = await begin(kind);
    const before = await worktreesOf(anna);
    const main =
      (await anna.git('worktree', 'list', '--porcelain', '-z')).split('\0')[0]?.slice('worktree '.length) ?? '';
    await writeFile(`${main}.worktrees`, 'in the way');
    const failed = await anna.run('start', 'login');
    expect(failed).toMatchObject({ status: 6, error: { code: 'unavailable' } });
    expect(failed.error?.message).toContain('.worktrees');
    expect(await branches(anna)).toBe('');
    expect(await worktreesOf(anna)).toBe(before);
    expect((await anna.run('show', 'login')).data).toMatchObject({ state: 'open', claim: null, attempts: 0 });
    await rm(`${main}.worktrees`);
    await started(anna, 'login');
  });

  test('a checkout that breaks off takes all back; one that is killed is made anew', async () => {
    const anna = await begin(kind);
    const before = await worktreesOf(anna);
    await anna.git('config', 'filter.breaks.smudge', 'false');
    await anna.git('config', 'filter.breaks.clean', 'cat');
    await anna.git('config', 'filter.breaks.required', 'true');
    const attributes = join(
      await anna.git('rev-parse', '--path-format=absolute', '--git-common-dir'),
      'info',
      'attributes',
    );
    await writeFile(attributes, 'README filter=breaks\n');
    const failed = await anna.run('start', 'login');
    expect(failed).toMatchObject({ status: 6, error: { code: 'unavailable' } });
    expect([await branches(anna), await worktreesOf(anna)]).toEqual(['', before]);
    await anna.git('config', 'filter.breaks.smudge', 'sleep 300; cat');
    const child = startCli(['start', 'login'], { cwd: anna.dir, env: anna.env });
    children.push(child);
    // git can't list one that is made at that very moment
    const isBegun = async () => (await worktreesOf(anna).catch(() => before)) > before;
    await waitFor(isBegun, { what: 'it is being made' });
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
    await anna.git('config', 'filter.breaks.smudge', 'cat');
    const { via, worktree } = await started(anna, 'login');
    expect(via).toBe('already-mine');
    expect(await git(['status', '--porcelain'], { cwd: worktree.path })).toBe('');
  });
});

test('a default branch of another name is asked for, and a folder that was deleted by hand is made anew', async () => {
  const anna = await begin('path');
  await git(['branch', '--quiet', '-m', 'main', 'trunk'], { cwd: project.home });
  await anna.git('fetch', '--quiet', '--prune');
  await anna.git('symbolic-ref', '--delete', 'refs/remotes/origin/HEAD').catch(() => '');
  const { worktree } = await started(anna, 'login');
  expect(worktree.commit).toBe(await git(['rev-parse', 'refs/heads/trunk'], { cwd: project.home }));
  await rm(worktree.path, { recursive: true });
  expect((await started(anna, 'login')).worktree).toMatchObject({ how: 'made' });
});

test("a worktree of the user's own whose folder is away for a while is there when it comes back", async () => {
  const anna = await begin('path');
  const own = join(project.dir, 'own');
  await anna.git('worktree', 'add', '--quiet', '--detach', own);
  await rename(own, `${own}.away`);
  await started(anna, 'login');
  await rename(`${own}.away`, own);
  expect(await git(['status', '--porcelain'], { cwd: own })).toBe('');
});

test('what was not committed when the task was given back is there when it is started again', async () => {
  const anna = await begin('path');
  const { worktree } = await started(anna, 'login');
  await writeFile(join(worktree.path, 'draft'), 'half');
  expect((await anna.run('release', 'login')).status).toBe(0);
  expect((await started(anna, 'login')).worktree).toMatchObject({ how: 'here', path: worktree.path });
  expect(await readFile(join(worktree.path, 'draft'), 'utf8')).toBe('half');
});

test('a worktree with a repository of its own inside is not removed', async () => {
  const anna = await begin('path');
  await anna.git('config', 'coord.agents.maxConcurrentTasks', '1');
  const [a, b] = [await started(anna, 'a'), await started(anna, 'b')];
  for (const { worktree } of [a, b]) await git(['init', '--quiet', join(worktree.path, 'lib')], { cwd: project.dir });
  for (const id of ['a', 'b']) expect((await anna.run('release', id)).status).toBe(0);
  for (const { worktree } of [a, b]) expect(existsSync(join(worktree.path, 'lib', '.git'))).toBe(true);
});

test('a start that was killed in the hook of the user loses nothing of what was done there since', async () => {
  const anna = await begin('path');
  const hook = join(
    await anna.git('rev-parse', '--path-format=absolute', '--git-common-dir'),
    'hooks',
    'post-checkout',
  );
  await writeFile(hook, '#!/bin/sh\nexec sleep 300\n');
  await chmod(hook, 0o755);
  const child = startCli(['start', 'login'], { cwd: anna.dir, env: anna.env });
  children.push(child);
  const dir = `${anna.dir}.worktrees/1`;
  await waitFor(() => existsSync(join(dir, 'README')), { what: 'it is checked out' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
  await writeFile(join(dir, 'since'), 'mine');
  await rm(hook);
  await started(anna, 'login');
  expect(await anna.git('show', `${await rescued(anna)}:since`)).toBe('mine');
});

test('what the one before has pushed is offered by claim, and gone on from by start; the hook of the user that fails is told', async () => {
  const anna = await begin('path');
  const ben = await project.agent('ben');
  const { worktree } = await started(anna, 'login');
  const there = inside(anna, worktree.path);
  await there.work('half');
  await there.git('push', '--quiet', 'origin', 'HEAD');
  const commit = await there.git('rev-parse', 'HEAD');
  const claimed = await ben.run('claim', 'login', '--force');
  expect(claimed.data).toMatchObject({ via: 'force', previous: { branch: 'refs/heads/task/login', commit } });
  const hook = join(await ben.git('rev-parse', '--path-format=absolute', '--git-common-dir'), 'hooks', 'post-checkout');
  await writeFile(hook, '#!/bin/sh\necho no luck >&2\nexit 3\n');
  await chmod(hook, 0o755);
  const answer = await ben.run('start', 'login');
  expect(answer).toMatchObject({ status: 0, data: { worktree: { from: 'previous', commit } } });
  expect(answer.stderr).toContain('no luck');
  expect(await readFile(join(answer.data.worktree.path, 'half'), 'utf8')).toBe('half');
  const fresh = await project.agent('carl');
  expect((await fresh.run('start', 'login', '--force', '--fresh')).data.worktree).toMatchObject({ from: 'new' });
});

test("a worktree in which somebody is, or of whose task the claim stands, is nobody else's", async () => {
  const anna = await begin('path');
  const first = await started(anna, 'login');
  expect((await started(anna, 'mail')).worktree.path).not.toBe(first.worktree.path);
  await inside(anna, first.worktree.path).work('half');
  await anna.run('release', 'login');
  const child = spawn('sleep', ['300'], { cwd: first.worktree.path, stdio: 'ignore' });
  children.push(child);
  expect((await started(anna, 'docs')).worktree.how).toBe('made');
  // the branch is there, and another agent would go on under the feet of whoever that is
  const other = await cliJson(['start', 'login'], { cwd: anna.dir, env: { ...anna.env, COORD_AGENT: 'ben' } });
  expect(other).toMatchObject({ status: 7, error: { code: 'not-ready' } });
  expect(other.error?.message).toContain(first.worktree.path);
  expect((await anna.run('show', 'login')).data.state).toBe('open');
});

test('free ones beyond the limit are removed, and what was not committed there is kept', async () => {
  const anna = await begin('path');
  await anna.git('config', 'coord.agents.maxConcurrentTasks', '1');
  const all = [await started(anna, 'a'), await started(anna, 'b'), await started(anna, 'c')];
  for (const [n, { worktree }] of all.entries()) await writeFile(join(worktree.path, 'draft'), String(n));
  for (const id of ['a', 'b', 'c']) expect((await anna.run('release', id)).status).toBe(0);
  const folder = join(all[0]?.worktree.path ?? '', '..');
  expect(await readdir(folder)).toHaveLength(1);
  expect((await rescued(anna)).split('\n')).toHaveLength(2);
});
