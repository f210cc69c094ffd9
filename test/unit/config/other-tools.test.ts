// Tasks of other tools, in their own formats: id, title, state, priority and dependencies survive.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backlogTask, byNumber } from '../../../src/config/foreign/backlog.ts';
import { readForeignFolder } from '../../../src/config/foreign/foreign-folder.ts';
import { foreignId } from '../../../src/config/foreign/foreign-task.ts';
import { addNeedsOfParents } from '../../../src/config/foreign/parents.ts';
import { readImport } from '../../../src/config/import-file.ts';
import type { ImportFile } from '../../../src/config/task-file.ts';
import { isId } from '../../../src/domain/ids.ts';
import { errorOf } from '../../helpers/book.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/other-tools');
const readFixture = async (name: string) => readImport(await readFile(join(fixtures, name), 'utf8'), name);

/** What has to survive, a task a line. */
const kept = ({ tasks }: ImportFile) =>
  tasks.map(({ id, title, past, priority, needs }) => [id, title, past?.state, priority, needs.join(' ')]);
const taskOf = ({ tasks }: ImportFile, id: string) => tasks.find((task) => task.id === id);

test('beads', async () => {
  const file = await readFixture('beads.jsonl');
  expect(kept(file)).toEqual([
    ['bd-a1b2', 'Payments', 'open', 1, 'bd-7f3c bd-a1b2.1'],
    ['bd-a1b2.1', 'Take cards', 'claimed', 2, 'bd-7f3c'],
    ['bd-7f3c', 'Open an account', 'done', 0, ''],
    ['bd-9d0e', 'Ask the bank', 'open', -2, ''],
  ]);
  expect(file).toMatchObject({ skipped: 2, skippedWhy: 'which are deleted, or no work', isExport: false });
  expect(file.notices).toEqual(["beads.jsonl:4: bd-9d0e needs bd-360, which isn't there: left out"]);
  expect(taskOf(file, 'bd-a1b2.1')).toMatchObject({
    type: 'feature',
    description: '## Acceptance criteria\n\n- a card is charged once',
    labels: ['beads'],
    payload: {
      from: {
        tool: 'beads',
        id: 'bd-a1b2.1',
        status: 'in_progress',
        priority: 0,
        assignee: 'ben',
        links: [{ type: 'discovered-from', id: 'bd-9d0e' }],
      },
    },
    past: { notes: [{ by: 'Ann', at: '2026-01-07T08:00:00.000Z', text: 'Mind the fees.' }] },
  });
  expect(taskOf(file, 'bd-a1b2')?.past).toMatchObject({ createdAt: '2026-01-05T17:00:00.123Z', createdBy: 'Ann' });
  expect(taskOf(file, 'bd-7f3c')?.past?.result).toEqual({ reason: 'opened' });
  expect(taskOf(file, 'bd-9d0e')).toMatchObject({
    labels: ['beads', 'deferred'],
    notBefore: '2099-03-01T00:00:00.000Z',
  });
});

test('Task Master', async () => {
  const file = await readFixture('tasks.json');
  expect(kept(file)).toEqual([
    ['1', 'Set up the project', 'done', 1, ''],
    ['2', 'Build the core', 'claimed', 2, '1 2.1 2.2'],
    ['2.1', 'Log in', 'done', 0, ''],
    ['2.2', 'Log out', 'open', 0, '2.1 1'],
    ['3', 'Draw the pages', 'open', -1, '2'],
    ['4', 'Print it', 'cancelled', 0, '2.2'],
    ['feature-x.1', 'Try it', 'open', 0, ''],
    ['feature-x.2', 'Keep it', 'open', 0, 'feature-x.1'],
  ]);
  expect(file.notices).toEqual(["tasks.json:36: 3 needs 99, which isn't there: left out"]);
  expect(taskOf(file, '1')?.description).toBe(
    'Folders and tools.\n\n## Details\n\nWith a test runner.\n\n## Test strategy\n\nRun it.',
  );
  expect(taskOf(file, '3')?.labels).toEqual(['task-master', 'deferred']);
  expect(taskOf(file, 'feature-x.1')).toMatchObject({
    labels: ['task-master', 'Feature X'],
    payload: { from: { tool: 'task-master', id: 'Feature X.1', tag: 'Feature X' } },
  });
});

test('Task Master, the one list of older versions', async () => {
  const old = {
    meta: {},
    tasks: [
      { id: 1, title: 'A', status: 'pending', dependencies: [2] },
      { id: 2, title: 'B' },
    ],
  };
  const file = await readImport(JSON.stringify(old), 'tasks.json');
  expect(kept(file).map(([id, , , , needs]) => [id, needs])).toEqual([
    ['1', '2'],
    ['2', ''],
  ]);
});

test('Backlog.md, by its folder or its tasks', async () => {
  const file = await readForeignFolder(join(fixtures, 'backlog'), 'backlog');
  expect(kept(file)).toEqual([
    ['back-7', 'Shop: take cards', 'open', 1, 'back-4 back-7.01'],
    ['back-7.01', 'Choose a bank', 'claimed', -1, 'back-4'],
    ['back-8', 'Send bills', 'open', 0, ''],
    ['back-9', 'Sell', 'done', 0, ''],
    ['back-4', 'Open the shop', 'done', 0, ''],
  ]);
  expect(file.notices).toEqual(["tasks/back-8 - Send-bills.md:1: back-8 needs BACK-99, which isn't there: left out"]);
  expect(taskOf(file, 'back-7')).toMatchObject({
    description: '## Description\n\nA card is charged once.\n\n## Acceptance Criteria\n- [ ] #1 twice is refused',
    labels: ['backlog.md', 'money'],
    payload: { from: { tool: 'backlog.md', id: 'BACK-7', status: 'To Do', assignee: ['@ben'], milestone: 'm-1' } },
    past: { createdAt: '2026-01-06T09:30:00.000Z', createdBy: '@ann' },
  });
  expect(taskOf(file, 'back-8')?.labels).toEqual(['backlog.md', 'Blocked']);
  const same = await readForeignFolder(join(fixtures, 'backlog/tasks'), 'tasks');
  expect(same.tasks).toEqual(file.tasks);
});

test('Backlog.md, a file alone; other front matter is none', async () => {
  const name = 'backlog/tasks/back-7 - Take-cards.md';
  expect(kept(await readFixture(name))).toEqual([['back-7', 'Shop: take cards', 'open', 1, 'task-4 back-7.01']]);
  expect(await backlogTask('---\ntitle: A page\n---\n- One\n', 'page.md')).toBe(null);
  expect(kept(await readImport('---\ntitle: A page\n---\n- One\n', 'page.md'))[0]?.[0]).toBe('one');
  const broken = await errorOf(readImport('---\nid: a\ntitle: [\n---\n', 'a.md'));
  expect(broken?.message).toMatch(/^a\.md is no file of tasks:\na\.md:\d: /);
});

test('claim files: what they name is open again', async () => {
  const file = await readForeignFolder(join(fixtures, 'coordination'), '.claude/coordination');
  expect(kept(file)).toEqual([
    ['api-tests', 'Test the API', 'open', 1, 'build-api'],
    ['build-api', 'build-api', 'claimed', 5, ''],
    ['plan', 'Draw the plan', 'done', 0, ''],
    ['fix-login', 'Fix login', 'claimed', 0, ''],
  ]);
  expect(taskOf(file, 'build-api')).toMatchObject({
    type: 'development',
    payload: { path: 'src/api' },
    past: { createdAt: '2026-01-05T08:00:00.500Z' },
  });
  expect(taskOf(file, 'fix-login')?.payload).toEqual({
    from: {
      tool: 'claim-files',
      id: 'Fix login',
      claim: { agent: 'claude-vm-1767600001', claimed_at: '2026-01-05T09:00:00Z', ttl: 300 },
    },
  });
});

test('a folder of nothing, and what is broken in one, is told', async () => {
  expect((await errorOf(readForeignFolder(join(fixtures, 'backlog/drafts'), 'drafts')))?.code).toBe('usage');
  const lines = [
    '{"id":"a","issue_type":"task"}',
    '{"id":"B","issue_type":"bug","title":"B"}',
    '{"id":"b","title":"B"}',
  ];
  const wrong = await errorOf(readImport(lines.join('\n'), 'x.jsonl'));
  expect(wrong?.message).toBe(
    'x.jsonl is no file of tasks:\nx.jsonl:1: title must be a text\nx.jsonl:3: there are two tasks b',
  );
});

test('what is longer than a description may be is cut, and said', async () => {
  const line = JSON.stringify({ id: 'a', title: 'A', issue_type: 'task', description: 'x'.repeat(30_000) });
  const file = await readImport(line, 'x.jsonl');
  expect(taskOf(file, 'a')?.description).toHaveLength(20_000);
  expect(file.notices).toEqual(['x.jsonl:1: a: its description is cut at 20000 characters']);
});

test.each([
  ['bd-a1b2.1', 'bd-a1b2.1'],
  ['BACK-355.02', 'back-355.02'],
  ['Feature X.1', 'feature-x.1'],
  ['a/b:c', 'a-b-c'],
  ['..a..b.', 'a.b'],
])('the id %s is %s here', (id, ours) => {
  expect(foreignId(id)).toBe(ours);
});

test('what can be no id has the same one each time', () => {
  for (const id of ['', '🦊', 'con', 'x.lock', 'x'.repeat(65)]) {
    expect(foreignId(id)).toMatch(/^t-[0-9a-f]{10}$/);
    expect([isId(foreignId(id)), foreignId(id)]).toEqual([true, foreignId(id)]);
  }
});

test.each<[string, Record<string, [parent: string | null, ...needs: string[]]>, Record<string, string>]>([
  ['the whole needs its parts', { e: [null], a: ['e'], b: ['e', 'a'] }, { e: 'a b', a: '', b: 'a' }],
  ['a part waits for what the whole waits for', { e: [null, 'x'], a: ['e'], x: [null] }, { e: 'x a', a: 'x', x: '' }],
  ['at any depth', { e: [null, 'x'], f: ['e'], a: ['f'], x: [null] }, { e: 'x f', f: 'a x', a: 'x', x: '' }],
  ['a whole that names its parts', { e: [null, 'a', 'b'], a: ['e'], b: ['e'] }, { e: 'a b', a: '', b: '' }],
  ['a part that needs the whole', { e: [null], a: ['e', 'e'] }, { e: '', a: 'e' }],
  ['parts of each other', { a: ['b'], b: ['a'] }, { a: '', b: 'a' }],
])('%s', (_, written, expected) => {
  const parts = Object.entries(written).map(([id, [parent, ...needs]]) => ({
    id,
    parent,
    needs: new Set(needs),
    isOver: false,
  }));
  addNeedsOfParents(parts);
  expect(Object.fromEntries(parts.map(({ id, needs }) => [id, [...needs].join(' ')]))).toEqual(expected);
});

test('a number that two tasks have names neither', async () => {
  const task = async (id: string) => {
    const found = await backlogTask(`---\nid: ${id}\ntitle: A\n---\n`, 'a.md');
    if (found === null) throw new Error('no task');
    return found;
  };
  const find = byNumber([await task('BACK-1'), await task('TASK-1'), await task('BACK-2.01')]);
  expect([find('task-1'), find('task-2.1'), find('2.01'), find('nothing')]).toEqual([
    null,
    'BACK-2.01',
    'BACK-2.01',
    null,
  ]);
});

test('thousands of tasks with parts, each after the one before, and wholes within wholes, take no time', () => {
  const begunMs = performance.now();
  const part = (id: string, parent: string | null, needs: string[] = []) => ({
    ...{ id, parent, needs: new Set(needs), isOver: false },
  });
  const wholes = Array.from({ length: 4000 }, (_, n) => part(`w${n}`, null, n === 0 ? [] : [`w${n - 1}`]));
  const own = wholes.flatMap(({ id }) => [part(`${id}.1`, id), part(`${id}.2`, id, [`${id}.1`])]);
  addNeedsOfParents([...wholes, ...own]);
  expect([...(wholes[3999]?.needs ?? [])]).toEqual(['w3998', 'w3999.1', 'w3999.2']);
  expect([...(own.at(-1)?.needs ?? [])]).toEqual(['w3999.1', 'w3998']);
  const nested = Array.from({ length: 200 }, (_, n) => part(`n${n}`, `n${n + 1}`, [`n${(n * 7) % 200}`]));
  addNeedsOfParents(nested);
  expect(nested[1]?.needs).toContain('n0');
  // it takes half a second, and took twenty
  expect(performance.now() - begunMs).toBeLessThan(10_000);
});
