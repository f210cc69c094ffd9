import { expect, test } from 'vitest';
import { defaultConfig } from '../../../src/config/load.ts';
import { pushedTasks } from '../../../src/hooks/check-push.ts';
import { taskOfBranch } from '../../../src/hooks/commit-task.ts';
import { bake, bakedOf, readShipped } from '../../../src/hooks/script.ts';

test.each([
  ['task/build-api', 'task/{id}', 'build-api'],
  ['task/PROJ-12', 'task/{id}', 'proj-12'],
  ['task/', 'task/{id}', null],
  ['task/a/b', 'task/{id}', null],
  ['task/a..b', 'task/{id}', null],
  ['main', 'task/{id}', null],
  ['x/t1-wip', 'x/{id}-wip', 't1'],
  ['x-wip', 'x-wi{id}wip', null],
])('branch %s by %s: %s', (branch, pattern, task) => {
  expect(taskOfBranch(branch, pattern)).toBe(task);
});

test('tasks of pushed branches; deletions and other refs have none', () => {
  const [oid, none] = ['1'.repeat(40), '0'.repeat(40)];
  const lines = [
    `refs/heads/task/a ${oid} refs/heads/task/a ${none}`,
    `HEAD ${oid} refs/heads/task/b ${none}`,
    `(delete) ${none} refs/heads/task/c ${oid}`,
    `refs/tags/task/d ${oid} refs/tags/task/d ${none}`,
    '',
  ].join('\n');
  expect(pushedTasks(lines, 'task/{id}')).toEqual([
    { task: 'a', oid },
    { task: 'b', oid },
  ]);
});

test('what is written into the script is taken as it is', async () => {
  const script = await readShipped('git-coord');
  const baked = bake(script, { ...bakedOf(defaultConfig()), tool: "/it's/$&/git-coord.cjs", node: '/node' });
  expect(baked).toContain(`\ntool='/it'\\''s/$&/git-coord.cjs'\n`);
  expect(baked).toContain("\nbranch_start='task/'\nbranch_end=''\n");
  expect(baked.split('\n')).toHaveLength(script.split('\n').length);
});
