// Landing: branch, task and claim move in one push, or none of them.
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { git } from '../helpers/repo.ts';
import { whyNot } from '../helpers/servers.ts';

let project: Project;
let anna: Agent;
let ben: Agent;
afterEach(() => project.close());

async function begin(kind: Parameters<typeof makeProject>[0]) {
  project = await makeProject(kind);
  anna = await project.agent('anna');
  ben = await project.agent('ben');
}

const stateOf = async (id: string) => (await anna.run('show', id)).data;
const claimRefs = () => git(['for-each-ref', '--format=%(refname)', 'refs/claims'], { cwd: project.home });
const fileOnMain = (name: string) => git(['show', `refs/heads/main:${name}`], { cwd: project.home });

async function claimed(agent: Agent, id: string, ...options: string[]) {
  const answer = await agent.run('claim', id, ...options);
  expect(answer.status, answer.stderr).toBe(0);
  return answer.data;
}

/** What is decided is the same everywhere, and each server takes the same pushes (test/contract): there the main case alone. */
describe.each(['path', 'http', 'ssh', 'embedded'] as const)('%s', (kind) => {
  const missing = kind === 'embedded' ? null : whyNot(kind);
  if (missing !== null) console.log(`SKIP landing over ${kind}: ${missing}`);
  describe.skipIf(missing !== null)('with main', () => {
    const testAll = kind === 'ssh' || kind === 'http' ? () => {} : test;
    beforeEach(() => begin(kind));

    test('where it was: the commit itself lands, the task is done, the claim is gone; a repeat is no error', async () => {
      const from = await project.main();
      await claimed(anna, 'login');
      const commit = await anna.work('login', 'login', 'in');
      const landed = await anna.run('land', 'login', '--result', '{"ok":true}');
      expect(landed.status, landed.stderr).toBe(0);
      expect(landed.data).toMatchObject({ landed: { ref: 'refs/heads/main', from, commit }, attempts: 1 });
      expect(await project.main()).toBe(commit);
      expect(await stateOf('login')).toMatchObject({
        state: 'done',
        result: { ok: true },
        landed: { from, commit },
        claim: null,
      });
      expect(await claimRefs()).toBe('');
      expect(await anna.run('land', 'login')).toMatchObject({ status: 0, data: { landed: { commit }, attempts: 0 } });
      expect(await project.main()).toBe(commit);
    });

    testAll('moved meanwhile: the work is rebased onto it, and the worktree follows', async () => {
      await claimed(anna, 'login');
      await claimed(ben, 'mail');
      await anna.work('login', 'login', 'in');
      await ben.work('mail', 'mail', 'sent');
      expect((await ben.run('land', 'mail')).status).toBe(0);
      const onto = await project.main();
      const landed = await anna.run('land', 'login');
      expect(landed.status, landed.stderr).toBe(0);
      expect(await git(['log', '--format=%s', 'refs/heads/main'], { cwd: project.home })).toBe(
        'Change login\nChange mail\nBegin',
      );
      expect(landed.data.landed.from).toBe(onto);
      expect(await anna.git('rev-parse', 'HEAD')).toBe(await project.main());
      expect(await anna.git('status', '--porcelain')).toBe('');
    });

    testAll('in conflict: exit 9 names the files, the claim is kept, nothing moved', async () => {
      await claimed(anna, 'a');
      await claimed(ben, 'b');
      await anna.work('a', 'shared', 'one\nTWO by anna\nthree\n');
      await ben.work('b', 'shared', 'one\nTWO by ben\nthree\n');
      expect((await ben.run('land', 'b')).status).toBe(0);
      const [main, head] = [await project.main(), await anna.git('rev-parse', 'HEAD')];
      const refused = await anna.run('land', 'a');
      expect(refused).toMatchObject({ status: 9, error: { code: 'conflict', data: { files: ['shared'] } } });
      expect(refused.error?.next[0]).toBe(`git rebase ${main}`);
      expect([await project.main(), await anna.git('rev-parse', 'HEAD')]).toEqual([main, head]);
      expect(await stateOf('a')).toMatchObject({ state: 'claimed', claim: { mine: true } });
    });

    testAll('a claim that was taken over lands nothing: exit 5', async () => {
      await claimed(anna, 'login');
      await anna.work('login', 'login', 'in');
      await claimed(ben, 'login', '--force');
      const main = await project.main();
      expect(await anna.run('land', 'login')).toMatchObject({ status: 5, error: { code: 'lost' } });
      expect(await project.main()).toBe(main);
      expect(await stateOf('login')).toMatchObject({ state: 'claimed', claim: { agent: 'ben' } });
      expect(await anna.git('log', '-1', '--format=%s')).toBe('Change login');
    });

    testAll('nothing to land, nothing committed, no such branch, nobody’s claim', async () => {
      await claimed(anna, 'login');
      expect(await anna.run('land', 'login')).toMatchObject({
        status: 7,
        error: { message: expect.stringContaining('nothing to land') },
      });
      await anna.work('login', 'login', 'in');
      await writeFile(join(anna.dir, 'login'), 'changed');
      const dirty = await anna.run('land', 'login');
      expect(dirty).toMatchObject({ status: 7, error: { message: expect.stringContaining('login') } });
      await anna.git('checkout', '--quiet', 'login');
      expect(await anna.run('land', 'login', '--onto', 'nowhere')).toMatchObject({ status: 3 });
      expect(await anna.run('land', 'login', '--from', 'nowhere')).toMatchObject({ status: 2 });
      expect(await anna.run('land', 'login', '--onto', 'bad name')).toMatchObject({ status: 2 });
      expect(await ben.run('land', 'login')).toMatchObject({ status: 4, error: { code: 'held' } });
      expect(await anna.run('land', 'nothing')).toMatchObject({ status: 3 });
    });
  });
});

describe('what lands', () => {
  beforeEach(() => begin('path'));

  test('commits keep their author and message; what main has already is left out', async () => {
    await claimed(anna, 'a');
    await anna.work('a', 'one', '1');
    await writeFile(join(anna.dir, 'two'), '2');
    await anna.git('add', 'two');
    await anna.git('commit', '--quiet', '--author', 'Eve <eve@x>', '-m', 'By Eve\n\nAt length.\n');
    await claimed(ben, 'b');
    await ben.git('fetch', '--quiet', anna.dir, 'task/a');
    await ben.git('checkout', '--quiet', '-b', 'task/b');
    await ben.git('commit', '--quiet', '--allow-empty', '-m', 'First');
    await ben.git('cherry-pick', 'FETCH_HEAD~1');
    expect((await ben.run('land', 'b')).status).toBe(0);
    expect((await anna.run('land', 'a')).status).toBe(0);
    const log = await git(['log', '--format=%an|%B', 'refs/heads/main'], { cwd: project.home });
    expect(log.replaceAll('\n', ' ')).toBe('Eve|By Eve  At length.  Test|Change one  Test|First  Test|Begin ');
  });

  test('with a file that was written again meanwhile, with what is in it', async () => {
    await claimed(ben, 'b');
    await ben.work('b', 'shared', 'before');
    expect((await ben.run('land', 'b')).status).toBe(0);
    await anna.git('pull', '--quiet', 'origin', 'main');
    await claimed(anna, 'a');
    await anna.work('a', 'own', '1');
    await claimed(ben, 'c');
    await ben.work('c', 'shared', 'after');
    expect((await ben.run('land', 'c')).status).toBe(0);
    const path = join(anna.dir, 'shared');
    await writeFile(path, await readFile(path));
    await utimes(path, 1, 1);
    const landed = await anna.run('land', 'a');
    expect(landed.status, landed.stderr).toBe(0);
    expect(await anna.git('status', '--porcelain')).toBe('');
    expect((await readFile(path, 'utf8')).trim()).toBe('after');
  });

  test('work with a merge of its own is merged, and so is all by configuration', async () => {
    await claimed(ben, 'b');
    await ben.work('b', 'b', 'b');
    await claimed(anna, 'a');
    await anna.work('a', 'a', 'a');
    await anna.git('checkout', '--quiet', '-b', 'side', 'main');
    await anna.git('commit', '--quiet', '--allow-empty', '-m', 'Aside');
    await anna.git('checkout', '--quiet', 'task/a');
    await anna.git('merge', '--quiet', '--no-edit', 'side');
    expect((await ben.run('land', 'b')).status).toBe(0);
    expect((await anna.run('land', 'a')).status).toBe(0);
    const message = await git(['log', '-1', '--format=%B', 'refs/heads/main'], { cwd: project.home });
    expect(message).toBe('Merge a: a\n\nTask: a\nClaim-Term: 1\n');
    expect([await fileOnMain('a'), await fileOnMain('b')]).toEqual(['a', 'b']);
    await ben.git('config', 'coord.land.strategy', 'merge');
    await claimed(ben, 'c');
    await ben.work('c', 'c', 'c');
    expect((await ben.run('land', 'c')).status).toBe(0);
    expect(await git(['log', '-1', '--format=%s', 'refs/heads/main'], { cwd: project.home })).toBe('Merge c: c');
  });

  test('by a detached HEAD, and by a commit that is not checked out', async () => {
    await claimed(anna, 'a');
    const commit = await anna.work('a', 'a', 'a');
    await anna.git('checkout', '--quiet', '--detach');
    expect((await anna.run('land', 'a')).status).toBe(0);
    await claimed(anna, 'b');
    const other = await anna.work('b', 'b', 'b');
    await anna.git('checkout', '--quiet', commit);
    await writeFile(join(anna.dir, 'a'), 'dirty, and not what lands');
    expect((await anna.run('land', 'b', '--from', 'task/b')).status).toBe(0);
    expect(await project.main()).toBe(other);
    expect(await readFile(join(anna.dir, 'a'), 'utf8')).toBe('dirty, and not what lands');
  });

  test('not what HEAD happens to be: another task’s branch, or main while the work is elsewhere', async () => {
    await claimed(anna, 'wa');
    await claimed(anna, 'wb');
    const wa = await anna.work('wa', 'wa', 'wa');
    await anna.git('checkout', '--quiet', 'main');
    const elsewhere = await anna.run('land', 'wa');
    expect(elsewhere).toMatchObject({ status: 7, error: { next: ['git coord land wa --from task/wa'] } });
    await anna.work('wb', 'wb', 'wb');
    expect(await anna.run('land', 'wa')).toMatchObject({
      status: 7,
      error: { message: expect.stringContaining('task/wb') },
    });
    expect((await anna.run('land', 'wa', '--from', 'task/wa')).data.landed.commit).toBe(wa);
    expect((await anna.run('land', 'wb')).status).toBe(0);
  });

  test('not half of it: in the middle of a rebase it refuses, and lands when that is through', async () => {
    for (const [agent, id] of [
      [anna, 'a'],
      [ben, 'b'],
    ] as const) {
      await claimed(agent, id);
      await agent.work(id, `${id}-1`, '1');
      await agent.work(id, 'shared', `by ${id}`);
      await agent.work(id, `${id}-2`, '2');
    }
    expect((await ben.run('land', 'b')).status).toBe(0);
    expect((await anna.run('land', 'a')).status).toBe(9);
    await anna.git('rebase', 'origin/main').catch(() => {});
    await writeFile(join(anna.dir, 'shared'), 'by both');
    await anna.git('commit', '--quiet', '-a', '-m', 'Change shared');
    expect(await anna.run('land', 'a')).toMatchObject({
      status: 7,
      error: { next: expect.arrayContaining(['git rebase --continue']) },
    });
    await anna.git('rebase', '--continue');
    expect((await anna.run('land', 'a', '--onto', 'refs/heads/main')).status).toBe(0);
    expect(await fileOnMain('a-2')).toBe('2');
  });

  test('once: what is committed afterwards is refused, not said to have landed', async () => {
    await claimed(anna, 'a');
    await anna.work('a', 'a', 'a');
    expect((await anna.run('land', 'a')).status).toBe(0);
    expect((await anna.run('land', 'a', '--onto', 'origin/main')).data.attempts).toBe(0);
    await anna.work('a', 'later', 'l');
    expect(await anna.run('land', 'a')).toMatchObject({
      status: 7,
      error: { message: expect.stringContaining('has landed already') },
    });
    expect(await anna.run('fail', 'a')).toMatchObject({ status: 5, error: { code: 'lost' } });
  });

  test('ten at once: each lands once, main has them all', async () => {
    const agents = await Promise.all(Array.from({ length: 6 }, (_, n) => project.agent(`agent-${n}`)));
    for (const [n, agent] of agents.entries()) {
      await claimed(agent, `task-${n}`);
      await agent.work(`task-${n}`, `file-${n}`, `${n}`);
      await agent.git('config', 'coord.land.attemptsMax', '50');
    }
    const answers = await Promise.all(agents.map((agent, n) => agent.run('land', `task-${n}`)));
    expect(answers.map(({ status }) => status)).toEqual(agents.map(() => 0));
    const subjects = await git(['log', '--format=%s', 'refs/heads/main'], { cwd: project.home });
    expect(subjects.split('\n').sort()).toEqual(['Begin', ...agents.map((_, n) => `Change file-${n}`)].sort());
  });
});
