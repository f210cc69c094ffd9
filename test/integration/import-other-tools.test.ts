// What other tools keep goes into a book as it is offered by `init`, once, and can be worked on there.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { command } from '../helpers/command.ts';
import { git, makeScratch, type Scratch } from '../helpers/repo.ts';

const fixtures = join(import.meta.dirname, '../fixtures/other-tools');
let scratch: Scratch;
let clone: string;
const run = (...args: string[]) => command([...args, '--json'], { cwd: clone, env: { COORD_AGENT: 'anna' } });

beforeEach(async () => {
  scratch = await makeScratch();
  clone = join(scratch.dir, 'a');
  await git(['init', '--quiet', clone], { cwd: scratch.dir });
});
afterEach(() => scratch.remove());

const sources = [
  ['beads.jsonl', '.beads/issues.jsonl', 4, ['bd-9d0e', 'bd-a1b2.1'], 2],
  ['tasks.json', '.taskmaster/tasks/tasks.json', 8, ['2.2', 'feature-x.1'], 0],
  ['backlog', 'backlog', 5, ['back-7.01', 'back-8'], 0],
  ['coordination', '.claude/coordination', 4, ['build-api', 'fix-login'], 0],
] as const;

test.each(sources)('%s', async (fixture, place, count, ready, skipped) => {
  await mkdir(join(clone, place, '..'), { recursive: true });
  await cp(join(fixtures, fixture), join(clone, place), { recursive: true });
  // before it stands the tool that keeps its files there
  const commands: string[] = (await run('init', '--local')).data.next;
  const next = commands.find((command) => /^git coord import \S+$/.test(command)) ?? '';
  expect(commands).toHaveLength(3);
  const source = next.split(' ')[3] ?? '';
  const dry = await run('import', source, '--dry-run');
  expect(dry.data).toMatchObject({ dryRun: true, skipped });
  expect((await run('list')).data.tasks).toEqual([]);
  const first = await run('import', source);
  expect(first.data.created).toHaveLength(count);
  expect((await run('import', source)).data.created).toEqual([]);
  const ids = (await run('ready')).data.tasks.map(({ id }: { id: string }) => id);
  expect([...ids].sort()).toEqual(ready);
  expect((await run('claim', ids[0])).data.claim.term).toBe(1);
  await run('daemon', 'stop');
});

test('what is left out is said, and text of others is stripped', async () => {
  await mkdir(join(clone, 'backlog/tasks'), { recursive: true });
  await cp(join(fixtures, 'backlog/tasks/back-8 - Send-bills.md'), join(clone, 'backlog/tasks/\x1b[2Jback-8.md'));
  await run('init', '--local');
  const { stderr, stdout } = await command(['import', 'backlog'], { cwd: clone });
  expect(stderr).toBe("warning: tasks/back-8.md:1: back-8 needs BACK-99, which isn't there: left out\n");
  expect(stdout).toBe('1 task added\n');
});

test.each<[string, Readonly<Record<string, string>>]>([
  ['x.jsonl', { 'x.jsonl': '{"id":{"toString":1},"title":"t","status":"open","issue_type":"task"}\n' }],
  [
    'x.jsonl',
    {
      'x.jsonl':
        '{"id":"a","title":"t","issue_type":"task","dependencies":[{"type":{"toString":1},"depends_on_id":"b"}]}\n',
    },
  ],
  ['backlog', { 'backlog/tasks/t.md': '---\nid: 1\ntitle: x\nstatus: {toString: 1}\n---\n' }],
  ['backlog', { 'backlog/tasks/t.md': '---\nid: 1\ntitle: x\n---\n', 'backlog/tasks/folder.md/x': '' }],
  ['tasks.json', { 'tasks.json': '{"master":{"tasks":[{"id":{"toString":1},"title":"x","status":"pending"}]}}' }],
  ['c', { 'c/claims/a.claim': '{"id":{"toString":1}}', 'c/tasks/a.json': '{"id":"a","title":"t"}' }],
  [
    'c',
    {
      'c/claims/a.claim': '{}',
      'c/tasks/a.json': `{"id":"a","title":"t","payload":${'['.repeat(9000)}${']'.repeat(9000)}}`,
    },
  ],
])('%s, a strange one (%#), is imported or refused, and is no defect', async (source, files) => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(clone, path, '..'), { recursive: true });
    await writeFile(join(clone, path), text);
  }
  await run('init', '--local');
  const { stderr, stdout } = await command(['import', source, '--dry-run'], { cwd: clone });
  expect(stderr).not.toContain('defect');
  expect(stdout + stderr).toMatch(/would be added|Nothing was written/);
});
