// Landing runs the gates on what would land, before anything reaches the remote.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { cliJson, startCli } from '../helpers/cli.ts';
import { writeFiles } from '../helpers/gate-projects.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { git } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let project: Project;
let anna: Agent;
afterEach(() => project.close());

async function begin(kind: Parameters<typeof makeProject>[0] = 'path') {
  project = await makeProject(kind);
  anna = await project.agent('anna');
  expect((await anna.run('claim', 'x')).status).toBe(0);
}

/** `$SEEN` is a file that the checks may write to, outside of the project. */
async function checkWith(command: string): Promise<void> {
  await anna.git('config', 'coord.quality.testCommand', command.replaceAll('$SEEN', seenFile()));
}
const seenFile = () => join(project.dir, 'seen');
const seen = () => readFile(seenFile(), 'utf8').catch(() => '');
/** In two pieces, so that this file has none. */
const token = `ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`;

describe.each(['path', 'embedded'] as const)('%s: a gate that says no', (kind) => {
  test('keeps the claim and the target: exit 10 with its last lines; the repaired work lands', async () => {
    await begin(kind);
    await checkWith('echo looking; cat wanted');
    const main = await project.main();
    await anna.work('x', 'file', 'x');
    const refused = await anna.run('land', 'x');
    expect(refused).toMatchObject({
      status: 10,
      error: {
        code: 'gate-failed',
        message: "x doesn't pass its gates: tests (exit status 1)",
        next: ['git coord gate --changed', 'git coord land x'],
        data: { checks: expect.arrayContaining([expect.objectContaining({ name: 'tests', status: 'failed' })]) },
      },
    });
    expect(refused.error?.hint).toMatch(
      /^The claim is kept, and nothing reached the target\.\nThe last lines of tests:\n {2}looking\n.*wanted/,
    );
    expect(await project.main()).toBe(main);
    expect((await anna.run('show', 'x')).data).toMatchObject({ state: 'claimed', claim: { mine: true } });
    await anna.work('x', 'wanted', 'here');
    const landed = await anna.run('land', 'x');
    expect(landed.status, landed.stderr).toBe(0);
    expect(landed.stderr).toMatch(/^tests passed \(\d+\.\d s\)$/m);
    expect(landed.stderr).toMatch(/^not checked: lint, types, build: no package\.json/m);
  });
});

test('a secret in what would land says no in any project, without being shown; what is not committed plays no part', async () => {
  await begin('embedded');
  await anna.git('config', 'coord.quality.lintCommand', `echo {files} > ${seenFile()}`);
  await anna.work('x', 'file', 'x');
  await writeFile(join(anna.dir, 'untracked'), token);
  const from = await anna.git('rev-parse', 'HEAD~');
  await anna.work('x', 'key', `${token}\n`);
  // the commit took it along
  await anna.git('rm', '--quiet', '--cached', 'untracked');
  await anna.git('commit', '--quiet', '--amend', '--no-edit');
  const refused = await anna.run('land', 'x');
  expect(refused).toMatchObject({
    status: 10,
    error: { message: "x doesn't pass its gates: security (secrets: a secret was found)" },
  });
  expect(refused.stdout + refused.stderr).not.toContain(token.slice(4, 16));
  expect(await seen()).toBe('file key\n');
  expect(await project.main()).toBe(from);
});

test('a secret that a later commit took away again says no all the same: it would stay in the history', async () => {
  await begin('embedded');
  await anna.work('x', 'key', `${token}\n`);
  await anna.git('rm', '--quiet', 'key');
  await anna.git('commit', '--quiet', '--message', 'Take it away');
  const refused = await anna.run('land', 'x');
  expect(refused).toMatchObject({ status: 10, error: { code: 'gate-failed' } });
  expect(refused.stderr).toContain('key, in commit');
  await anna.git('reset', '--quiet', '--hard', 'HEAD~2');
  await anna.work('x', 'other', 'x');
  await anna.git('commit', '--quiet', '--allow-empty', '--message', 'And more');
  expect((await anna.run('land', 'x')).status).toBe(0);
});

test('what is committed while they run is not moved away: 7, and the claim is kept', async () => {
  await begin();
  const ben = await project.agent('ben');
  const move = `git -C ${ben.dir} commit --quiet --allow-empty -m Other && git -C ${ben.dir} push --quiet origin HEAD:main`;
  await checkWith(
    `test -e ${project.dir}/moved || { touch ${project.dir}/moved; ${move}; git commit -q --allow-empty -m Precious; }`,
  );
  await anna.work('x', 'file', 'x');
  expect(await anna.run('land', 'x')).toMatchObject({ status: 7, error: { code: 'not-ready' } });
  expect(await anna.git('log', '-1', '--format=%s', 'task/x')).toBe('Precious');
  expect(await anna.run('land', 'x')).toMatchObject({ status: 0 });
});

test('they run on the result: once for each tree, not for what only got another history', async () => {
  await begin();
  const ben = await project.agent('ben');
  const push = `git -C ${ben.dir} push --quiet origin HEAD:main`;
  const commit = (options: string) => `git -C ${ben.dir} commit --quiet -a -m Other ${options}`;
  // the target moves while the checks run: first by a commit that changes nothing, then by one that does
  await checkWith(
    `cat shared >> $SEEN; echo run >> $SEEN; test -e ${project.dir}/moved || { touch ${project.dir}/moved; ${commit('--allow-empty')} && ${push}; }`,
  );
  await anna.work('x', 'file', 'x');
  expect(await anna.run('land', 'x')).toMatchObject({ status: 0, data: { attempts: 2 } });
  expect((await seen()).match(/run/g)).toHaveLength(1);
  await ben.git('pull', '--quiet', 'origin', 'main');
  await anna.git('fetch', '--quiet');
  expect((await anna.run('claim', 'y')).status).toBe(0);
  await checkWith(
    `cat shared >> $SEEN; echo run >> $SEEN; test -e ${project.dir}/again || { touch ${project.dir}/again; echo four >> ${ben.dir}/shared; ${commit('')} && ${push}; }`,
  );
  await anna.git('checkout', '--quiet', '-b', 'task/y', 'origin/main');
  await anna.work('y', 'other', 'y');
  await writeFile(seenFile(), '');
  expect(await anna.run('land', 'y')).toMatchObject({ status: 0, data: { attempts: 2 } });
  expect(await seen()).toBe('one\ntwo\nthree\nrun\none\ntwo\nthree\nfour\nrun\n');
});

test('a claim that is lost while they run lands nothing: exit 5', async () => {
  await begin('embedded');
  const ben = await project.agent('ben');
  const main = await project.main();
  await checkWith(
    `env COORD_AGENT=ben COORD_SESSION=s-ben ${process.execPath} ${join(import.meta.dirname, '../../bin/git-coord.cjs')} -C ${ben.dir} claim x --force`,
  );
  await anna.work('x', 'file', 'x');
  expect(await anna.run('land', 'x')).toMatchObject({ status: 5, error: { code: 'lost' } });
  expect(await project.main()).toBe(main);
});

test('they count as work: an attempt is not over while they run', async () => {
  await begin('embedded');
  const env = { ...anna.env, COORD_DAEMON: 'auto' };
  const run = (...args: string[]) => cliJson(args, { cwd: anna.dir, env });
  expect((await run('add', 'Slow', '--id', 'slow', '--timeout', '5s')).status).toBe(0);
  await checkWith('sleep 6');
  try {
    expect((await run('claim', 'slow')).status).toBe(0);
    await anna.work('slow', 'file', 'x');
    const landed = await run('land', 'slow');
    expect(landed.status, landed.stderr).toBe(0);
    expect(landed.data.task).toMatchObject({ state: 'done', term: 1 });
  } finally {
    await run('daemon', 'stop');
  }
});

test('what is not checked out is looked at in a worktree of its own, which is gone afterwards', async () => {
  await begin();
  const files = {
    'package.json': '{}',
    'node_modules/tool/index.js': 'console.log("found by node");\n',
  };
  await writeFile(join(anna.dir, '.git/info/exclude'), 'node_modules\n');
  await writeFiles(anna.dir, files);
  await anna.work('x', 'mine', 'x');
  const commit = await anna.git('rev-parse', 'HEAD');
  await anna.git('checkout', '--quiet', '--detach', 'origin/main');
  await writeFile(join(anna.dir, 'not-committed'), '');
  await checkWith('ls > $SEEN; git rev-parse HEAD >> $SEEN; node -e \'require("tool")\' >> $SEEN; test -e status');
  const refused = await anna.run('land', 'x', '--from', commit);
  expect(refused.status, refused.stderr).toBe(10);
  const left = async () => [
    (await anna.git('worktree', 'list')).split('\n').length,
    await readdir(join(anna.dir, '.git/coord/gates')),
  ];
  expect(await seen()).toBe(`README\nmine\npackage.json\nshared\n${commit}\nfound by node\n`);
  expect(await left()).toEqual([1, []]);
  expect(await anna.git('status', '--porcelain')).toBe('?? not-committed');
  await anna.git('checkout', '--quiet', 'task/x');
  const good = await anna.work('x', 'status', '0');
  await anna.git('checkout', '--quiet', '--detach', 'origin/main');
  // what a landing that was killed has left is taken away
  await anna.git('worktree', 'add', '--quiet', '--detach', join(anna.dir, '.git/coord/gates/999999999-dead'));
  expect(await anna.run('land', 'x', '--from', good)).toMatchObject({ status: 0 });
  expect(await left()).toEqual([1, []]);
});

test('several at once each have a worktree of their own, and none is in the way of another', async () => {
  await begin('embedded');
  await checkWith('ls > $SEEN-$$; sleep 0.$(($$ % 5))');
  // one that belongs to a living process, and where a check does things of its own
  const other = join(project.home, `.git/coord/gates/${process.pid}-other`);
  await git(['worktree', 'add', '--quiet', '--detach', other], { cwd: project.home });
  await writeFiles(join(project.home, '.git/worktrees', `${process.pid}-other`), {
    'rebase-merge/head-name': 'refs/heads/main',
  });
  const ids = ['a', 'b', 'c'];
  const commits = new Map<string, string>();
  for (const id of ids) {
    expect((await anna.run('claim', id)).status).toBe(0);
    commits.set(id, await anna.work(id, id, id));
    await anna.git('checkout', '--quiet', '--detach', 'main');
  }
  const landed = await Promise.all(ids.map((id) => anna.run('land', id, '--from', commits.get(id) ?? '')));
  for (const { status, stderr } of landed) expect(status, stderr).toBe(0);
  expect((await git(['ls-tree', '--name-only', 'main'], { cwd: project.home })).split('\n')).toEqual([
    'README',
    ...ids,
    'shared',
  ]);
  expect(await readdir(join(project.home, '.git/coord/gates'))).toEqual([`${process.pid}-other`]);
});

test('on the way to a review they run too, and not again for what is there', async () => {
  await begin();
  await checkWith('echo run >> $SEEN; cat wanted');
  await anna.work('x', 'file', 'x');
  const branches = () => git(['for-each-ref', '--format=%(refname)', 'refs/heads'], { cwd: project.home });
  expect(await anna.run('land', 'x', '--via-branch')).toMatchObject({ status: 10, error: { code: 'gate-failed' } });
  expect(await branches()).toBe('refs/heads/main');
  expect((await anna.run('show', 'x')).data.state).toBe('claimed');
  await anna.work('x', 'wanted', 'x');
  for (let repeat = 0; repeat < 2; repeat++)
    expect(await anna.run('land', 'x', '--via-branch')).toMatchObject({ status: 0 });
  expect(await branches()).toBe('refs/heads/main\nrefs/heads/task/x');
  expect(await seen()).toBe('run\nrun\n');
});

test('with everything off nothing is looked at', async () => {
  await begin('embedded');
  const off = ['lint', 'typeCheck', 'test', 'build', 'security'].map((name) => `${name}Command`);
  for (const name of [...off, 'complexityMax']) await anna.git('config', `coord.quality.${name}`, 'off');
  await anna.work('x', 'key', `${token}\n`);
  expect(await anna.run('land', 'x')).toMatchObject({ status: 0, stderr: '' });
});

test('while the checks last it says which are still at it', async () => {
  await begin();
  await checkWith('until test -e "$SEEN"; do sleep 0.1; done');
  await anna.work('x', 'file', 'x');
  const landing = startCli(['land', 'x'], { cwd: anna.dir, env: anna.env });
  let said = '';
  landing.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise((resolve) => landing.once('close', resolve));
  await waitFor(() => /^still checking: (.*, )?tests for 2 s \(until test -e .*\)$/m.test(said), {
    what: 'it says so',
  });
  await writeFile(seenFile(), '');
  expect(await ended, said).toBe(0);
});
