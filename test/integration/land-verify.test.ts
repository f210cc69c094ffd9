// The check of a CI job: a commit that names a task is one that the task recorded; trailers alone prove nothing.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cliJson } from '../helpers/cli.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { git, makeClone } from '../helpers/repo.ts';

let project: Project;
let anna: Agent;
afterEach(() => project.close());

async function begin(kind: 'path' | 'embedded') {
  project = await makeProject(kind);
  anna = await project.agent('anna');
}

async function ok(...words: string[]) {
  const answer = await anna.run(...words);
  expect(answer.status, answer.stderr).toBe(0);
  return answer.data;
}

/** A commit with these trailers. */
async function commit(file: string, ...trailers: string[]): Promise<string> {
  await writeFile(join(anna.dir, file), file);
  await anna.git('add', '--all');
  await anna.git('commit', '--quiet', '-m', `Change ${file}\n\n${trailers.join('\n')}`);
  return anna.git('rev-parse', 'HEAD');
}

async function working(id: string): Promise<void> {
  await ok('claim', id);
  await anna.git('checkout', '--quiet', '-B', `task/${id}`, 'main');
}

const said = (commits: { task: string | null; valid: boolean | null; why: string }[]) =>
  commits.map(({ task, valid, why }) => `${task} ${valid}: ${why.replace(/[0-9a-f]{12}/g, '…')}`);

describe('from a clone that never joined', () => {
  let job: string;
  const verify = (range: string) => cliJson(['land', '--verify', range], { cwd: job, env: { COORD_DAEMON: 'off' } });
  const fetched = async (...args: string[]) => {
    job = await makeClone(`file://${project.home}`, join(project.dir, `job-${Math.random()}`), args);
  };
  beforeEach(() => begin('path'));

  test('what landed is valid, one by one and as a range; what names no task is said so', async () => {
    const from = await project.main();
    await working('a');
    const first = await commit('a-1', 'Task: a', 'Claim-Term: 1');
    await commit('a-2');
    await ok('land', 'a');
    await fetched();
    const all = await verify(`${from}..HEAD`);
    expect([all.status, all.stderr]).toEqual([0, '']);
    expect(said(all.data.commits)).toEqual(['a true: a is done', 'null null: it names no task']);
    expect((await verify(first)).data.commits).toMatchObject([{ commit: first, task: 'a', valid: true }]);
    expect((await verify('HEAD..HEAD')).data).toEqual({ commits: [] });
  });

  test('what is in review is valid; a commit on top, a squash and made-up trailers are not', async () => {
    await working('a');
    const reviewed = await commit('a-1', 'Task: A');
    await ok('land', 'a', '--via-branch');
    const top = await commit('a-2', 'Task: a');
    await anna.git('checkout', '--quiet', '-B', 'squashed', 'main');
    await commit('a-1', 'Task: a');
    await commit('b', 'Task: nothing', 'Task: a');
    await commit('c', 'Task: not an id');
    await anna.git('push', '--quiet', '--no-verify', 'origin', 'squashed', `${top}:refs/heads/top`);
    await fetched();
    const good = await verify('origin/main..origin/task/a');
    expect(said(good.data.commits)).toEqual(['a true: a is in review']);
    const more = await verify('origin/main..origin/top');
    expect(more).toMatchObject({ status: 7, ok: false, error: { code: 'not-ready' } });
    expect(said(more.data.commits)).toEqual([
      'a true: a is in review',
      'a false: a recorded …, which does not reach it',
    ]);
    const squashed = await verify('origin/main..origin/squashed');
    expect(said(squashed.data.commits)).toEqual([
      'a false: a recorded …, which does not reach it',
      'nothing false: there is no task nothing',
      'a false: a recorded …, which does not reach it',
      'null null: it names no task',
    ]);
    expect(squashed.error?.hint).toContain('squash');
    expect(squashed.error?.next).toContain('git coord land a --via-branch');
    await ok('cancel', 'a');
    expect(said((await verify(reviewed)).data.commits)).toEqual(['a false: a is cancelled, and records no work']);
    await ok('retry', 'a');
    expect(said((await verify(reviewed)).data.commits)).toEqual(['a false: a is open, and records no work']);
  });

  test('done without work, or with work that is not here, proves nothing', async () => {
    await working('a');
    await ok('done', 'a');
    await working('b');
    await anna.git('commit', '--quiet', '--allow-empty', '-m', 'elsewhere');
    await ok('land', 'b', '--via-branch');
    await anna.git('checkout', '--quiet', '-B', 'made-up', 'main');
    await commit('x', 'Task: a', 'Task: b');
    await anna.git('push', '--quiet', 'origin', 'made-up');
    await fetched('--single-branch', '--branch', 'made-up');
    expect(said((await verify('HEAD')).data.commits)).toEqual([
      'a false: a is done, and records no work',
      'b false: b recorded …, which this clone does not have',
    ]);
  });

  test('a shallow clone is told what it lacks; a range that is none, and no book, say what to type', async () => {
    await working('a');
    await commit('a-1', 'Task: b');
    await ok('land', 'a');
    await fetched('--depth', '1');
    const shallow = await verify('HEAD');
    expect(shallow).toMatchObject({ status: 7, error: { next: expect.arrayContaining(['git fetch --unshallow']) } });
    for (const range of ['nowhere..HEAD', 'HEAD~1..HEAD', '--all', '-h', '', 'HEAD:README'])
      expect(await verify(range), range).toMatchObject({ status: 2 });
    expect(await cliJson(['land', 'a', '--verify', 'HEAD'], { cwd: job })).toMatchObject({ status: 2 });
    expect(await cliJson(['land'], { cwd: job })).toMatchObject({ status: 2, error: { code: 'usage' } });
    await git(['config', 'coord.prefix', 'refs/heads/coord/'], { cwd: job });
    expect(await verify('HEAD')).toMatchObject({
      status: 3,
      error: { message: expect.stringContaining('refs/heads/coord/') },
    });
    await git(['remote', 'remove', 'origin'], { cwd: job });
    expect(await verify('HEAD')).toMatchObject({
      status: 3,
      error: { next: expect.arrayContaining(['git coord init']) },
    });
  });

  test('what .coord.yml says of the book, which a commit may change, is not believed', async () => {
    await working('a');
    await writeFile(join(anna.dir, '.coord.yml'), 'coordination:\n  remote: evil\n  prefix: refs/heads/evil/\n');
    await commit('a-1', 'Task: a');
    await ok('land', 'a');
    await fetched();
    const answer = await verify('HEAD');
    expect([answer.status, answer.data.commits[0].valid]).toEqual([0, true]);
  });
});

test('embedded, in the clone that has the book', async () => {
  await begin('embedded');
  await ok('claim', 'a');
  await anna.git('checkout', '--quiet', '-b', 'task/a');
  await commit('a-1', 'Task: a');
  expect((await anna.run('land', '--verify', 'HEAD')).status).toBe(7);
  await ok('land', 'a');
  expect((await ok('land', '--verify', 'HEAD')).commits).toMatchObject([{ task: 'a', valid: true }]);
});
