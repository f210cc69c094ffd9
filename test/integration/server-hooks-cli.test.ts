// The tool against a server with our hooks: nothing that it does is refused, and what others do past it is, in words.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CliAnswer, cliJson } from '../helpers/cli.ts';
import { run } from '../helpers/hook-repo.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { commitAll, git, makeBareRepo, makeClone } from '../helpers/repo.ts';
import { whyNot } from '../helpers/servers.ts';
import { waitFor } from '../helpers/wait-for.ts';

let project: Project;
let anna: Agent;
let ben: Agent;
afterEach(() => project.close());

async function ok(answer: Promise<CliAnswer>) {
  const { status, stderr, data } = await answer;
  expect(status, stderr).toBe(0);
  return data;
}
const claimOf = (id: string) =>
  git(['for-each-ref', '--format=%(objectname)', `refs/claims/${id}`], { cwd: project.home });

describe.each(['path', 'http', 'ssh'] as const)('over %s', (kind) => {
  const missing = whyNot(kind);
  if (missing !== null) console.log(`SKIP server hooks over ${kind}: ${missing}`);
  describe.skipIf(missing !== null)('by the tool', () => {
    const testAll = kind === 'path' ? test : () => {};
    beforeEach(async () => {
      project = await makeProject(kind, true);
      anna = await project.agent('anna');
      ben = await project.agent('ben');
    });

    test('a landing passes; a plain push of main is refused in words', async () => {
      await ok(anna.run('claim', 'a'));
      await anna.work('a', 'a', 'a');
      const { landed } = await ok(anna.run('land', 'a'));
      expect(await project.main()).toBe(landed.commit);
      await ben.git('fetch', '--quiet');
      await ben.git('checkout', '--quiet', '-B', 'main', 'origin/main');
      await ben.git('commit', '--quiet', '--allow-empty', '-m', 'past it');
      const pushed = await run('git', ['push', 'origin', 'main'], ben.dir, { ...process.env, ...ben.env });
      expect(pushed.status).toBe(1);
      expect(pushed.stderr).toMatch(/remote: git-coord: refused: refs\/heads\/main: nothing in this push says/);
      expect(pushed.stderr).toContain('git coord land <id>');
      expect(await project.main()).toBe(landed.commit);
    });

    testAll('every transition passes', async () => {
      await ok(anna.run('add', 'First', '--id', 'first', '--priority', '5'));
      await ok(anna.run('edit', 'first', '--title', 'The first'));
      await ok(anna.run('claim', '--next'));
      await ok(anna.run('progress', 'first', 'half', '--percent', '50'));
      await ok(ben.run('note', 'first', 'look here'));
      await ok(anna.run('renew', 'first'));
      await ok(anna.run('release', 'first'));
      await ok(anna.run('claim', 'first'));
      await ok(anna.run('fail', 'first', '--reason', 'no'));
      await ok(anna.run('retry', 'first'));
      await ok(anna.run('claim', 'first'));
      await ok(ben.run('claim', 'first', '--force'));
      expect((await anna.run('done', 'first')).status).toBe(5);
      await ok(ben.run('done', 'first', '--result', '{"ok":true}'));
      await ok(ben.run('claim', 'second'));
      await ok(anna.run('cancel', 'second'));
      await ok(anna.run('retry', 'second'));
      await ok(anna.run('claim', 'second', '--ttl', '1s'));
      const swept = await ok(ben.run('sweep', '--wait', '20s'));
      expect(swept.expired).toEqual(['second']);
      const lock = await run(
        process.execPath,
        [join(process.cwd(), 'bin/git-coord.cjs'), 'lock', 'deploy', '--', 'true'],
        anna.dir,
        { ...process.env, ...anna.env },
      );
      expect([lock.status, lock.stderr]).toEqual([0, '']);
    });

    testAll('work goes to review, is merged by plain git, and is done', async () => {
      await ok(anna.run('claim', 'a'));
      await anna.work('a', 'a', 'a');
      const { review } = await ok(anna.run('land', 'a', '--via-branch'));
      await ben.git('fetch', '--quiet');
      await ben.git('checkout', '--quiet', '-B', 'main', 'origin/main');
      await ben.git('merge', '--quiet', '--no-ff', '--no-edit', 'origin/task/a');
      await ben.git('push', '--quiet', 'origin', 'main');
      expect(await git(['log', '-1', '--format=%P', 'main'], { cwd: project.home })).toContain(review.commit);
      await ok(anna.run('sweep', '--wait', '1s'));
      expect((await ok(anna.run('show', 'a'))).state).toBe('done');
    });

    testAll('beats of the daemon pass without Node; what needs it is refused where it is missing', async () => {
      const env = { ...anna.env, COORD_DAEMON: 'auto' };
      await ok(cliJson(['claim', 'a', '--ttl', '1s'], { cwd: anna.dir, env }));
      await git(['config', 'coord.protect', 'main'], { cwd: project.home });
      await writeFile(join(project.home, 'hooks/git-coord-server.cjs'), 'process.exit(3)\n');
      try {
        const values = new Set([await claimOf('a')]);
        await waitFor(async () => values.add(await claimOf('a')).size > 4, { deadlineMs: 20_000, what: 'four beats' });
      } finally {
        await cliJson(['daemon', 'stop'], { cwd: anna.dir, env });
      }
      const refused = await ben.run('claim', 'b');
      expect(refused).toMatchObject({ status: 6, error: { code: 'unavailable' } });
      expect(refused.error?.message).toContain('the check broke off (status 3)');
    });
  });
});

test('a book moves to a server with the hooks, whatever its past', async () => {
  project = await makeProject('path', true);
  const other = await makeClone(project.home, join(project.dir, 'mover'));
  await git(['-c', 'core.hooksPath=/dev/null', 'update-ref', '-d', 'refs/coord/format'], { cwd: project.home });
  const options = { cwd: other, env: { COORD_DAEMON: 'off', COORD_AGENT: 'anna', COORD_SESSION: 's' } };
  await ok(cliJson(['init', '--local'], options));
  for (const words of [
    ['claim', 'a'],
    ['done', 'a'],
    ['claim', 'b'],
    ['add', 'C', '--id', 'c'],
  ])
    await ok(cliJson(words, options));
  await ok(cliJson(['init', '--remote', 'origin', '--move'], options));
  await ok(cliJson(['done', 'b'], options));
});

test('a book on branches, where only fast-forwards go and nothing is deleted', async () => {
  project = await makeProject('path');
  const bare = await makeBareRepo(join(project.dir, 'branches.git'));
  for (const [key, value] of [
    ['receive.denyNonFastForwards', 'true'],
    ['receive.denyDeletes', 'true'],
    ['coord.prefix', 'refs/heads/coord/'],
  ] as const)
    await git(['config', key, value], { cwd: bare });
  await ok(cliJson(['hooks', 'install', '--server', bare], { cwd: project.dir }));
  const dir = await makeClone(bare, join(project.dir, 'branches'));
  await writeFile(join(dir, '.coord.yml'), 'coordination:\n  prefix: refs/heads/coord/\n');
  await commitAll(dir, 'Begin');
  await git(['push', '--quiet', 'origin', 'HEAD:main'], { cwd: dir });
  const options = { cwd: dir, env: { COORD_DAEMON: 'off', COORD_AGENT: 'anna', COORD_SESSION: 's' } };
  const { host } = await ok(cliJson(['init', '--remote', 'origin'], options));
  expect(host).toMatchObject({ deletes: false, nonFastForward: false });
  for (const words of [
    ['claim', 'a'],
    ['progress', 'a', 'half'],
    ['progress', 'a', 'more'],
    ['release', 'a'],
    ['claim', 'a'],
  ])
    await ok(cliJson(words, options));
  await git(['checkout', '--quiet', '-b', 'task/a'], { cwd: dir });
  const commit = await commitAll(dir, 'Work');
  // main sorts behind refs/heads/coord/, so the task goes first there too
  expect((await ok(cliJson(['land', 'a', '--onto', 'main'], options))).landed.commit).toBe(commit);
  await commitAll(dir, 'Past it');
  const past = await run('git', ['push', 'origin', 'HEAD:main'], dir, process.env);
  expect(past).toMatchObject({ status: 1, stderr: expect.stringContaining('git-coord: refused') });
});
