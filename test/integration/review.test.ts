// Landing through a pull request: the task's own branch and the task move in one push, and the review ends when the work is
// on its target, however the host put it there.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cliJson } from '../helpers/cli.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { git } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let project: Project;
let anna: Agent;
let host: Agent;

beforeEach(async () => {
  project = await makeProject('path');
  anna = await project.agent('anna');
  host = await project.agent('host');
});
afterEach(() => project.close());

const stateOf = async (id: string) => (await anna.run('show', id)).data;

/** Two commits of a task, with the trailers that the hooks write, in review. */
async function inReview(id: string): Promise<string> {
  expect((await anna.run('claim', id)).status).toBe(0);
  await anna.git('checkout', '--quiet', '--detach', 'origin/main');
  await anna.work(id, `${id}-1`, '1');
  await anna.work(id, `${id}-2`, '2');
  await anna.git('commit', '--quiet', '--amend', '-m', `Change it\n\nTask: ${id}\nClaim-Term: 1`);
  const commit = await anna.git('rev-parse', 'HEAD');
  const sent = await anna.run('land', id, '--via-branch', '--result', '1');
  expect(sent.status, sent.stderr).toBe(0);
  expect(sent.data.review).toMatchObject({ branch: `refs/heads/task/${id}`, commit, target: 'refs/heads/main' });
  await host.git('fetch', '--quiet');
  await host.git('checkout', '--quiet', '-B', 'main', 'origin/main');
  return commit;
}

const sweep = async () => (await anna.run('sweep', '--wait', '1s')).data.reviews as { id: string; standing: string }[];
const merged = async () => host.git('push', '--quiet', 'origin', 'main');

test('the branch has the work, the claim is gone, nobody can take the task; a repeat is no error', async () => {
  const commit = await inReview('a');
  expect(await stateOf('a')).toMatchObject({ state: 'review', claim: null, ready: false, result: 1 });
  expect(await git(['rev-parse', 'refs/heads/task/a'], { cwd: project.home })).toBe(commit);
  expect(await git(['for-each-ref', 'refs/claims'], { cwd: project.home })).toBe('');
  expect((await host.run('claim', 'a')).status).toBe(7);
  expect((await anna.run('land', 'a', '--via-branch')).status).toBe(0);
  expect(await sweep()).toMatchObject([{ id: 'a', standing: 'open' }]);
});

test("a clone's daemon notices by itself that the work was merged", async () => {
  await inReview('a');
  await host.git('merge', '--quiet', '--no-ff', '--no-edit', 'origin/task/a');
  await merged();
  const env = { ...anna.env, COORD_DAEMON: 'auto', COORD_POLL_INTERVAL: '200ms' };
  expect((await cliJson(['claim', 'b'], { cwd: anna.dir, env })).status).toBe(0);
  await waitFor(async () => (await stateOf('a')).state === 'done', { what: 'a is done', deadlineMs: 20_000 });
  await anna.run('daemon', 'stop');
});

test.each<[string, () => Promise<unknown>]>([
  ['a merge', () => host.git('merge', '--quiet', '--no-ff', '--no-edit', 'origin/task/a')],
  ['a fast-forward', () => host.git('merge', '--quiet', '--ff-only', 'origin/task/a')],
  [
    'a rebase',
    async () => {
      await host.git('commit', '--quiet', '--allow-empty', '-m', 'Meanwhile');
      await host.git('cherry-pick', 'origin/task/a~1', 'origin/task/a');
    },
  ],
  [
    'a squash that keeps the trailers in its middle',
    async () => {
      await host.git('merge', '--quiet', '--squash', 'origin/task/a');
      await host.git(
        'commit',
        '--quiet',
        '-m',
        'All of it (#12)\n\n* Change it\n\n  Task: a\n  Claim-Term: 1\n\n* More',
      );
      await host.git('commit', '--quiet', '--allow-empty', '-m', 'Later');
    },
  ],
  [
    'a squash without a word',
    async () => {
      await host.git('merge', '--quiet', '--squash', 'origin/task/a');
      await host.git('commit', '--quiet', '-m', 'All of it');
    },
  ],
])('it is done by %s', async (_name, merge) => {
  await inReview('a');
  await merge();
  await merged();
  expect(await sweep()).toMatchObject([{ id: 'a', standing: 'merged' }]);
  expect(await stateOf('a')).toMatchObject({ state: 'done', landed: { ref: 'refs/heads/main' } });
});

test('a revert, another term, and a part of it are no merge', async () => {
  await inReview('a');
  const message = 'Revert "Change it"\n\nThis reverts commit 0123456789.\n\nTask: a\nClaim-Term: 1';
  for (const text of [message, 'Else\n\nTask: a\nClaim-Term: 2', 'Else\n\nTask: ab\nClaim-Term: 1'])
    await host.git('commit', '--quiet', '--allow-empty', '-m', text);
  await host.git('cherry-pick', 'origin/task/a~1');
  await merged();
  expect(await sweep()).toMatchObject([{ id: 'a', standing: 'open' }]);
});

test('a branch that is gone stays in review, until a person says what is so', async () => {
  for (const id of ['a', 'b', 'c']) {
    await inReview(id);
    await git(['update-ref', '-d', `refs/heads/task/${id}`], { cwd: project.home });
  }
  expect(await sweep()).toMatchObject([
    { standing: 'branch gone' },
    { standing: 'branch gone' },
    { standing: 'branch gone' },
  ]);
  expect((await host.run('done', 'a')).data.state).toBe('done');
  expect((await host.run('retry', 'b')).data).toMatchObject({ state: 'open', review: null });
  expect((await host.run('cancel', 'c')).data.state).toBe('cancelled');
});

test('one whose target is gone keeps no other from ending', async () => {
  await host.git('push', '--quiet', 'origin', 'HEAD:refs/heads/gone');
  expect((await anna.run('claim', 'b')).status).toBe(0);
  await anna.work('b', 'b', 'b');
  expect((await anna.run('land', 'b', '--via-branch', '--onto', 'gone')).status).toBe(0);
  await git(['update-ref', '-d', 'refs/heads/gone'], { cwd: project.home });
  await inReview('a');
  await host.git('merge', '--quiet', '--ff-only', 'origin/task/a');
  await merged();
  const standings = new Map((await sweep()).map(({ id, standing }) => [id, standing]));
  expect(standings).toEqual(
    new Map([
      ['a', 'merged'],
      ['b', 'unclear'],
    ]),
  );
  expect((await stateOf('a')).state).toBe('done');
});

test('other work on the branch at the remote is not pushed over, and a lost claim sends nothing', async () => {
  expect((await anna.run('claim', 'a')).status).toBe(0);
  await anna.work('a', 'a', 'a');
  await host.git('commit', '--quiet', '--allow-empty', '-m', 'Theirs');
  await host.git('push', '--quiet', 'origin', 'HEAD:refs/heads/task/a');
  expect(await anna.run('land', 'a', '--via-branch')).toMatchObject({ status: 7 });
  expect((await stateOf('a')).state).toBe('claimed');
  await host.git('push', '--quiet', 'origin', ':refs/heads/task/a');
  expect((await host.run('claim', 'a', '--force')).status).toBe(0);
  expect(await anna.run('land', 'a', '--via-branch')).toMatchObject({ status: 5 });
  expect(await git(['for-each-ref', 'refs/heads/task'], { cwd: project.home })).toBe('');
});
