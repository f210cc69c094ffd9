// What strangers may put on the remote: it is refused by name, hides nothing else, and reaches no terminal as it is.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinBook, makeBook } from '../helpers/book.ts';
import { cli, cliJson } from '../helpers/cli.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let bare: string;
let clone: string;
beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  clone = await joinBook(bare, join(scratch.dir, 'clone'), await makeBook(bare, bare));
  for (const id of ['good', 'model'])
    expect((await cliJson(['add', 'Good', '--id', id], { cwd: clone })).status).toBe(0);
});
afterEach(() => scratch.remove());

/** A commit on the remote's ref with exactly this message. */
async function put(ref: string, message: string): Promise<void> {
  const tree = await git(['hash-object', '-w', '-t', 'tree', '/dev/null'], { cwd: bare });
  const oid = await new Promise<string>((resolve, reject) => {
    const child = execFile('git', ['commit-tree', tree], { cwd: bare }, (error, stdout) =>
      error === null ? resolve(stdout.trim()) : reject(error),
    );
    child.stdin?.end(message);
  });
  await git(['update-ref', ref, oid], { cwd: bare });
}

async function note(ref: string) {
  return JSON.parse(await git(['log', '-1', '--format=%b', ref], { cwd: bare }));
}

async function putBad(): Promise<void> {
  const model = await note('refs/board/model');
  await put('refs/board/not-json', 'x: y\n\n{"v": 1, "kind": ');
  await put('refs/board/no-note', 'by hand');
  await put('refs/board/huge', `x: y\n\n${JSON.stringify({ ...model, extra: 'x'.repeat(300 * 1024) })}`);
  await put('refs/board/newer', `x: y\n\n${JSON.stringify({ ...model, v: 2 })}`);
  await put('refs/board/other-id', `x: y\n\n${JSON.stringify(model)}`);
  const wrong = { ...model, task: { ...model.task, id: 'wrong-type', priority: 'high', term: -1 } };
  await put('refs/board/wrong-type', `x: y\n\n${JSON.stringify(wrong)}`);
  const blob = await git(['hash-object', '-w', 'HEAD'], { cwd: bare });
  await git(['update-ref', 'refs/board/a-blob', blob], { cwd: bare });
  await put('refs/claims/good2', 'x: y\n\n{"v": 9}');
  await put('refs/agents/strange', 'x: y\n\nnot json');
}
const bad = ['a-blob', 'huge', 'newer', 'no-note', 'not-json', 'other-id', 'wrong-type'];

test('bad notes are named, and all else goes on', async () => {
  await putBad();
  expect((await cliJson(['claim', 'newer'], { cwd: clone })).status).toBe(7);
  for (const id of bad) {
    const { status, error } = await cliJson(['show', id], { cwd: clone });
    expect([id, status, error?.code]).toEqual([id, 7, 'not-ready']);
    expect(error?.message).toContain(id);
  }
  const list = await cliJson(['list'], { cwd: clone });
  expect(list.data.tasks.map(({ id }: { id: string }) => id).sort()).toEqual(['good', 'model']);
  for (const id of bad) expect(list.stderr + list.stdout).toContain(id);
  const next = await cliJson(['claim', '--next'], { cwd: clone });
  expect(['good', 'model']).toContain(next.data.task.id);
  expect((await cliJson(['done', next.data.task.id], { cwd: clone })).status).toBe(0);
  for (const command of [['status'], ['ready'], ['sweep', '--wait', '1s']])
    expect((await cli(command, { cwd: clone })).status, command.join()).toBe(0);
});

const evil = '\x1b[2J\x1b]0;title\x07\x9b31m\u202eabc\u2028\r\n\x00'.replace('\x00', '');

test('control characters of others reach no terminal', async () => {
  const model = await note('refs/board/model');
  const task = {
    ...model.task,
    id: 'evil',
    title: `t${evil}`,
    description: `d${evil}`,
    labels: [`l${evil}`],
    createdBy: `c${evil}`,
    workflow: `w${evil}`,
    notes: [{ by: `n${evil}`, at: `a${evil}`, text: `t${evil}` }],
  };
  await put('refs/board/evil', `claim: ${evil}\n\n${JSON.stringify({ ...model, by: `b${evil}`, task })}`);
  for (const args of [
    ['list'],
    ['ready'],
    ['show', 'evil'],
    ['log', 'evil'],
    ['workflow', 'list'],
    ['status'],
    ['claim', 'evil'],
    ['done', 'evil'],
  ])
    for (const more of [[], ['--json']]) {
      const { stdout, stderr } = await cli([...args, ...more], { cwd: clone });
      const what = args.join(' ');
      expect(stdout + stderr, what).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
    }
});

test('a note that nests too deeply, and one whose term has no next, are bad notes too', async () => {
  const model = await note('refs/board/model');
  const deep = JSON.stringify({ ...model, task: { ...model.task, id: 'deep', priority: 9 } });
  const nested = deep.replace('"payload":null', `"payload":${'['.repeat(60_000)}${']'.repeat(60_000)}`);
  await put('refs/board/deep', `x: y\n\n${nested}`);
  const last = { ...model.task, id: 'last', priority: 9, term: Number.MAX_SAFE_INTEGER };
  await put('refs/board/last', `x: y\n\n${JSON.stringify({ ...model, task: last })}`);
  const list = await cliJson(['list'], { cwd: clone });
  expect(list.data).toMatchObject({ unreadable: [{ id: 'deep' }, { id: 'last' }] });
  expect((await cliJson(['claim', '--next'], { cwd: clone })).data).toMatchObject({ task: { priority: 0 } });
  expect((await cliJson(['add', 'x', '--payload', '['.repeat(100) + ']'.repeat(100)], { cwd: clone })).status).toBe(2);
});

test('a task that is full to the brim does not stand before the others, and a result always fits', async () => {
  const model = await note('refs/board/model');
  const full = { ...model, task: { ...model.task, id: 'full', priority: 9 } };
  const room = 256 * 1024 - Buffer.byteLength(JSON.stringify(full)) - 40;
  const remarks = Array.from({ length: Math.floor(room / 20_050) }, () => ({
    by: 'x',
    at: 'y',
    text: 'z'.repeat(19_990),
  }));
  full.task.notes = remarks;
  const left = 256 * 1024 - Buffer.byteLength(JSON.stringify(full)) - 60;
  full.task.description = 'd'.repeat(Math.min(left, 20_000));
  await put('refs/board/full', `x: y\n\n${JSON.stringify(full)}`);
  expect((await cliJson(['show', 'full'], { cwd: clone })).data).toMatchObject({ ready: true });
  expect((await cliJson(['claim', 'full'], { cwd: clone })).status).toBe(2);
  const next = await cliJson(['claim', '--next'], { cwd: clone });
  expect(next.data).toMatchObject({ via: 'free', task: { priority: 0 } });
  expect(
    (await cliJson(['add', 'x', '--id', 'brim', '--payload', JSON.stringify('p'.repeat(64_000))], { cwd: clone }))
      .status,
  ).toBe(0);
  expect((await cliJson(['claim', 'brim'], { cwd: clone })).status).toBe(0);
  const result = JSON.stringify('r'.repeat(65_000));
  expect((await cliJson(['done', 'brim', '--result', result], { cwd: clone })).status).toBe(0);
});
