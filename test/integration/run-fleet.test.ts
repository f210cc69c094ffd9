// Ten workers and tasks that all edit one repository, some of them the same line: each lands exactly once, and main is what landed.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { git } from '../helpers/repo.ts';

const full = process.env.COORD_TEST_FULL === '1';
const [workers, tasks] = full ? [10, 100] : [4, 16];

let project: Project;
let anna: Agent;
afterEach(async () => {
  await anna.run('daemon', 'stop');
  await project.close();
});

test(`${workers} workers, ${tasks} tasks`, { timeout: 600_000 }, async () => {
  project = await makeProject('path');
  anna = await project.agent('anna');
  Object.assign(anna.env, { COORD_POLL_INTERVAL: '500ms', COORD_DAEMON: 'auto' });
  const ids = Array.from({ length: tasks }, (_, n) => `t-${n}`);
  for (const id of ids) await anna.run('add', `Task ${id}`, '--id', id, '--retries', '50');
  // every fourth task edits a line that the others of its kind edit as well
  const script = `n=\${COORD_TASK_ID#t-}
    sleep 0.3
    if [ $((n % 4)) = 0 ]; then sed -i "2s/$/ $n/" shared; else echo $n > file-$n; fi
    git add . && git commit -qm "Do $COORD_TASK_ID"`;
  const run = ['run', '--json', '--drain', '--max', String(workers), '--', 'sh', '-c', script];
  const { status, stdout, stderr } = await cli(run, { cwd: anna.dir, env: anna.env, timeoutMs: 550_000 });
  expect(status, stderr).toBe(0);
  const { data: report } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  console.log(`${workers} workers, ${tasks} tasks: ${JSON.stringify(report)}`);
  expect(report).toMatchObject({ ended: { landed: tasks, done: 0, lost: 0 }, dead: [] });
  const all = (await anna.run('list', '--state', 'done')).data.tasks as { id: string; landed: { commit: string } }[];
  expect(all).toHaveLength(tasks);
  const onMain = (await git(['log', '--format=%H %s', '--reverse', 'refs/heads/main'], { cwd: project.home })).split(
    '\n',
  );
  expect(
    onMain
      .slice(1)
      .map((line) => line.slice(0, 40))
      .toSorted(),
  ).toEqual(all.map(({ landed }) => landed.commit).toSorted());
  expect(new Set(onMain.slice(1).map((line) => line.slice(41)))).toEqual(new Set(ids.map((id) => `Do ${id}`)));
  await anna.git('checkout', '--quiet', '--detach', 'origin/main');
  const edits = (await readFile(join(anna.dir, 'shared'), 'utf8')).split('\n')[1]?.split(' ').slice(1).map(Number);
  expect(edits?.toSorted((a, b) => a - b)).toEqual(ids.map((_, n) => n).filter((n) => n % 4 === 0));
});
