// Tasks from files and from other books: all of them or none, a repeat changes nothing, and an export comes back as it was.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installServerHooks } from '../../src/hooks/server/install-server.ts';
import { openBook } from '../../src/index.ts';
import { closeAgents, errorOf, joinBook, makeBook, makeLocalBook, openAgent } from '../helpers/book.ts';
import { cli, cliJson } from '../helpers/cli.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
const dirOf = (name: string) => join(scratch.dir, name);
const env = { COORD_AGENT: 'a', COORD_SESSION: 's-a' };
const run = (name: string, args: string[], input = '') => cli(args, { cwd: dirOf(name), env, input });
const json = (name: string, args: string[], input = '') => cliJson(args, { cwd: dirOf(name), env, input });

beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

async function remoteBook(name: string): Promise<{ bare: string; id: string }> {
  const bare = await makeBareRepo(dirOf(name));
  return { bare, id: await makeBook(bare, bare) };
}

/** A task in every state, and one that needs what nobody knows. */
async function fill(name: string): Promise<void> {
  const { book } = await openAgent(dirOf(name));
  const rest = { labels: ['l'], requires: ['rust'], payload: { n: [1, null] }, priority: 7, retryLimit: 0 };
  await book.add({ id: 'first', title: 'First', ...rest, timeoutMs: 5000, onNeedFailed: 'skip', workflow: 'w' });
  for (const id of ['held', 'over', 'dead', 'off']) await book.add({ id, title: `\u009b2J ${id}`, retryLimit: 0 });
  await book.add({ id: 'waits', title: 'Waits', needs: ['over', 'nobody-knows'] });
  await book.note('first', 'mind the gap');
  for (const id of ['held', 'over', 'dead']) await book.claim(id);
  await book.done('over', { tests: 12 });
  await book.fail('dead', 'no way');
  await book.cancel('off', 'not now');
}

test('an export comes back as it was, but for what nobody had finished, through the hooks of a server too', async () => {
  await makeLocalBook(dirOf('from'));
  await fill('from');
  const { bare, id } = await remoteBook('to.git');
  await installServerHooks({ path: bare, env: process.env, node: process.execPath });
  await joinBook(bare, dirOf('to'), id);
  const exported = (await run('from', ['export'])).stdout;
  expect(exported).not.toMatch(/[\x7f-\x9f]/);
  await writeFile(join(dirOf('to'), 'tasks.ndjson'), exported);
  const imported = await json('to', ['import', 'tasks.ndjson']);
  expect(imported.data.created).toHaveLength(6);
  const back = (await run('to', ['export'])).stdout;
  expect(back).toBe(exported.replace('"state":"claimed"', '"state":"open"'));
  const { tasks } = (await json('to', ['list'])).data;
  const states = Object.fromEntries(tasks.map((task: { id: string; state: string }) => [task.id, task.state]));
  expect(states).toEqual({
    first: 'open',
    held: 'open',
    over: 'done',
    dead: 'failed',
    off: 'cancelled',
    waits: 'open',
  });
  // they are tasks like all others
  await run('to', ['retry', 'dead']);
  expect((await json('to', ['claim', 'dead'])).data.claim.term).toBe(1);
  expect((await json('to', ['stats'])).data.rows).toEqual([]);
  expect((await json('to', ['import', 'tasks.ndjson'])).data.created).toEqual([]);
});

test('all or none: what is there with other content, what is wrong, is told with its line', async () => {
  const { bare, id } = await remoteBook('to.git');
  await joinBook(bare, dirOf('to'), id);
  await run('to', ['add', 'Other', '--id', 'build']);
  const list = '# Plan\n- [ ] Test\n- [ ] Build\n';
  const taken = await json('to', ['import', '-'], list);
  expect([taken.status, taken.error?.code]).toEqual([7, 'exists']);
  expect(taken.error?.message).toMatch(/^standard input:3: there is a task build with other content/);
  const wrong = await json('to', ['import', '-'], '[{"title":"A","payload":{}},\n{"title":"B","needs":["nobody"]}]');
  expect([wrong.status, wrong.error?.message]).toEqual([2, 'standard input:2: b needs nobody, which nobody knows']);
  const large = `[\n{"title":"B","payload":${JSON.stringify('x'.repeat(70_000))}}]`;
  const tooLarge = await json('to', ['import', '-'], large);
  expect([tooLarge.status, tooLarge.error?.message]).toEqual([
    2,
    expect.stringMatching(/^standard input:2: the payload/),
  ]);
  expect(await git(['for-each-ref', '--format=%(refname)', 'refs/board'], { cwd: bare })).toBe('refs/board/build');
});

test('what is no file, or too large a one, is not read', async () => {
  await makeLocalBook(dirOf('a'));
  await git(['init', '--quiet', 'folder'], { cwd: dirOf('a') });
  await writeFile(join(dirOf('a'), 'large.md'), Buffer.alloc(33 * 1024 * 1024, 'x'));
  for (const name of ['none.md', 'folder', 'large.md']) expect((await json('a', ['import', name])).status).toBe(2);
  const piped = await json('a', ['import', '-'], 'x'.repeat(33 * 1024 * 1024));
  expect(piped.error?.message).toBe('standard input is larger than 32 MiB');
});

test('a dry run writes nothing; two at once make each task once', async () => {
  const { bare, id } = await remoteBook('to.git');
  for (const name of ['to', 'also']) await joinBook(bare, dirOf(name), id);
  const list = Array.from({ length: 60 }, (_, n) => `- Task ${n}`).join('\n');
  const dry = (await json('to', ['import', '-', '--dry-run'], list)).data;
  expect([dry.created.length, dry.dryRun]).toEqual([60, true]);
  expect(await git(['for-each-ref', 'refs/board'], { cwd: bare })).toBe('');
  const both = await Promise.all(['to', 'also'].map((name) => json(name, ['import', '-'], list)));
  expect(both.map(({ status }) => status)).toEqual([0, 0]);
  expect(both.flatMap(({ data }) => data.created).sort()).toEqual([...dry.created].sort());
});

test('the library: an export, or a text, goes into another book', async () => {
  for (const name of ['from', 'to']) await makeLocalBook(dirOf(name));
  await fill('from');
  const [from, to] = await Promise.all(
    ['from', 'to'].map((name) => openBook({ dir: dirOf(name), agent: 'a', session: 's-a' })),
  );
  if (!from || !to) throw new Error('not opened');
  const exported = await from.exportTasks();
  expect(exported.tasks.map(({ id }) => id)).toEqual(['first', 'held', 'over', 'dead', 'off', 'waits']);
  expect(await to.importTasks(exported, { dryRun: true })).toMatchObject({ dryRun: true, skipped: 0 });
  expect((await to.importTasks(JSON.parse(JSON.stringify(exported)))).created).toHaveLength(6);
  expect((await to.importTasks(JSON.stringify(exported), { name: 'x.json' })).created).toEqual([]);
  expect(await to.importTasks('- [ ] One\n- [x] Two')).toEqual({
    created: ['one'],
    tasks: ['one'],
    skipped: 1,
    dryRun: false,
  });
  const error = await errorOf(to.importTasks('- title: 5', { name: 'todo.yml' }));
  expect([error?.code, error?.message]).toEqual([
    'usage',
    'todo.yml is no file of tasks:\ntodo.yml:1: title must be a text',
  ]);
  const graph = 'tasks:\n- {id: a, title: A}\n- {id: all, needs: [a], join: true}\n';
  const other = await errorOf(to.importTasks(graph, { name: 'release.yml' }));
  expect([other?.code, other?.message, other?.next]).toEqual([
    'usage',
    'release.yml is a file of a workflow: it has join',
    ['git coord workflow submit <file>'],
  ]);
  await Promise.all([from.close(), to.close()]);
});
