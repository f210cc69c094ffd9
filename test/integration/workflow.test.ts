// Whole graphs of tasks: made at once or not at all, whatever the host does; joins that are done once; waiting and cancelling.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sweep } from '../../src/coordinator/sweep.ts';
import type { Json } from '../../src/domain/task.ts';
import { CoordError } from '../../src/errors.ts';
import { type Agent, closeAgents, errorOf, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { type HttpBackend, startHttpBackend } from '../helpers/http-backend.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { startTcpProxy } from '../helpers/tcp-proxy.ts';

const isFull = process.env.COORD_TEST_FULL === '1';
let scratch: Scratch;
let bare: string;
let bookId: string;
let http: HttpBackend;
const dirOf = (name: string) => join(scratch.dir, name);
const env = (name: string) => ({ COORD_AGENT: name, COORD_SESSION: `s-${name}`, COORD_POLL_INTERVAL: '100ms' });

beforeEach(async () => {
  scratch = await makeScratch();
  http = await startHttpBackend({ root: scratch.dir });
  bare = await makeBareRepo(dirOf('remote.git'));
  bookId = await makeBook(bare, bare);
});
afterEach(async () => {
  await closeAgents();
  await http.stop();
  await scratch.remove();
});

const cloneOf = (name: string, url = bare) => joinBook(url, dirOf(name), bookId);
const agent = async (name: string, url?: string): Promise<Agent> =>
  openAgent(await cloneOf(name, url), {
    agent: name,
    env: { ...env(name), COORD_AGENTS_MAX_CONCURRENT_TASKS: '1000' },
  });
const cli = (name: string, ...args: string[]) => cliJson(args, { cwd: dirOf(name), env: env(name) });
const boards = async () =>
  (await git(['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/board'], { cwd: bare }))
    .split('\n')
    .filter(Boolean);
const file = async (name: string, text: string) => {
  await writeFile(join(dirOf(name), 'wf.yml'), text);
  return 'wf.yml';
};
const fan = (count: number, more = '') => `
id: fan
defaults: { retries: 2 }
tasks:
  - { id: first }
  - { id: part, for_each: [${Array.from({ length: count }, (_, n) => n)}], needs: [first]${more} }
  - { id: all, needs: [part], join: true }
`;

/** Takes and finishes what is ready until the workflow is over; `work` throws for a failure. */
async function drain({ book }: Agent, work: (id: string, attempt: number) => Json): Promise<void> {
  for (;;) {
    const { workflow } = await book.waitForWorkflow('fan', { timeoutMs: 0 });
    if (workflow.state !== 'running') return;
    const taken = await book.next().catch((error: unknown) => {
      if (error instanceof CoordError && error.code === 'not-ready') return null;
      throw error;
    });
    if (taken === null) continue;
    const { id, attempts } = taken.task;
    try {
      await book.done(id, work(id, attempts));
    } catch (error) {
      if (error instanceof CoordError) throw error;
      await book.fail(id, String(error));
      await book.retry(id).catch(() => {});
    }
  }
}

describe.each(['path', 'http', 'local'] as const)('%s', (kind) => {
  test('a fan out and in: the join is done once, with the results of all', async () => {
    const parts = isFull ? 100 : 12;
    await agent('a', kind === 'http' ? http.url('remote.git') : bare);
    if (kind === 'local') {
      const settings = { mode: 'local', book: await makeBook(dirOf('a'), dirOf('a')) };
      for (const [key, value] of Object.entries(settings))
        await git(['config', `coord.${key}`, value], { cwd: dirOf('a') });
    }
    const submitted = await cli('a', 'workflow', 'submit', await file('a', fan(parts)));
    expect(submitted.data).toMatchObject({ workflow: { id: 'fan' }, dryRun: false });
    expect(submitted.data.created).toHaveLength(parts + 2);
    const names = kind === 'path' ? ['a', 'b', 'c'] : ['a'];
    const agents = [];
    for (const name of names) {
      const clone = name === 'a' ? dirOf('a') : await cloneOf(name);
      agents.push(await openAgent(clone, { agent: name, env: env(name) }));
    }
    const attempts = new Map<string, number>();
    const failing = (id: string) => id.endsWith('.3') || id.endsWith('.7');
    const work = (id: string) => {
      const tries = (attempts.get(id) ?? 0) + 1;
      attempts.set(id, tries);
      if (failing(id) && tries <= 2) throw new Error('not yet');
      return { did: id };
    };
    await Promise.all(agents.map((one) => drain(one, work)));
    const { status, data } = await cli('a', 'workflow', 'wait', 'fan');
    expect([status, data.workflow.state]).toEqual([0, 'done']);
    const part = (n: number) => [`fan.part.${n}`, { did: `fan.part.${n}` }];
    expect(data.workflow.results).toEqual({
      'fan.all': Object.fromEntries(Array.from({ length: parts }, (_, n) => part(n))),
    });
    const log = (await cli('a', 'log', 'fan.all')).data.entries;
    expect(log.map(({ op }: { op: string }) => op)).toEqual(['join', 'add']);
    for (const [id, tries] of attempts) expect([id, tries]).toEqual([id, failing(id) ? 3 : 1]);
  });
});

test('a host that refuses one of the refs has none of them, and says so in its own words', async () => {
  await agent('a');
  const hook = join(bare, 'hooks', 'update');
  await writeFile(hook, '#!/bin/sh\ncase "$1" in */fan.part.2) echo "no part 2 here" >&2; exit 1;; esac\n');
  await chmod(hook, 0o755);
  const answer = await cli('a', 'workflow', 'submit', await file('a', fan(4)));
  expect([answer.status, answer.error?.code]).toEqual([6, 'unavailable']);
  expect(answer.error?.message).toContain('no part 2 here');
  expect(answer.error?.message).not.toContain('fan.part.1');
  expect(await boards()).toEqual([]);
});

test('submitted by two at once: each task is there once; the same file again makes what is missing', async () => {
  await agent('a');
  await agent('b');
  const all = await Promise.all(
    ['a', 'b'].map(async (name) => cli(name, 'workflow', 'submit', await file(name, fan(4)))),
  );
  expect(all.map(({ status, stderr }) => [status, stderr.includes('error')])).toEqual([
    [0, false],
    [0, false],
  ]);
  const created = all.flatMap(({ data }) => data.created);
  expect(created.sort()).toEqual((await boards()).sort());
  const more = await cli(
    'a',
    'workflow',
    'submit',
    await file('a', fan(4).replace('{ id: first }', '{ id: first }\n  - { id: late }')),
  );
  expect(more.data.created).toEqual(['fan.late']);
});

test('a task with other content: nothing is written, and the line is named', async () => {
  const { book } = await agent('a');
  await book.add({ id: 'fan.part.1', title: 'Something else' });
  const answer = await cli('a', 'workflow', 'submit', await file('a', fan(4)));
  expect([answer.status, answer.error?.code]).toEqual([7, 'exists']);
  expect(answer.error?.message).toBe('wf.yml:6: there is a task fan.part.1 with other content');
  expect(await boards()).toEqual(['fan.part.1']);
});

test('needs that nobody knows, and a circle through a task that is there', async () => {
  const { book } = await agent('a');
  await book.add({ id: 'old', title: 'old', needs: ['w.b'] });
  const text =
    'id: w\ntasks:\n  - { id: a, needs: [nowhere] }\n  - { id: b, needs: [old] }\n  - { id: c, needs: [old] }\n';
  const answer = await cli('a', 'workflow', 'submit', await file('a', text));
  expect(answer.status).toBe(2);
  expect(answer.error?.message.split('\n')).toEqual([
    'wf.yml:3: w.a needs nowhere, which nobody knows',
    'wf.yml:4: w.b would need itself: w.b needs old needs w.b',
  ]);
  expect(await boards()).toEqual(['old']);
});

test('a reply that was lost: the tasks are there, and were made by this command', async () => {
  const proxy = await startTcpProxy({ targetPort: http.port });
  try {
    await agent('a', `http://127.0.0.1:${proxy.port}/remote.git`);
    proxy.faults.loseReply = { request: 'POST /remote.git/git-receive-pack', reply: 'unpack ok' };
    const answer = await cli('a', 'workflow', 'submit', await file('a', fan(4)));
    expect(proxy.lostReplies).toBe(1);
    expect([answer.status, answer.data?.created?.length]).toEqual([0, 6]);
    expect(await boards()).toHaveLength(6);
  } finally {
    await proxy.stop();
  }
});

test('a join raced by ten sweepers is done once, also when a need of it was skipped', async () => {
  const { book } = await agent('a');
  await book.add({ id: 'root', title: 'root', retryLimit: 0 });
  await book.add({ id: 'good', title: 'good' });
  await book.add({ id: 'skipped', title: 'skipped', needs: ['root'], onNeedFailed: 'skip' });
  await book.add({ id: 'all', title: 'all', type: 'join', needs: ['good', 'skipped'] });
  await book.claim('good');
  await book.done('good', 'fine');
  await book.claim('root');
  await book.fail('root');
  const sweepers = await Promise.all(Array.from({ length: 10 }, (_, n) => agent(`sweeper-${n}`)));
  const looks = await Promise.all(sweepers.map((one) => sweep(one.app.context, one.book.who)));
  expect(looks.flatMap(({ joined }) => joined)).toEqual(['all']);
  const done = await book.show('all');
  const commit = (id: string) => git(['rev-parse', `refs/board/${id}`], { cwd: bare });
  expect(done.result).toEqual({
    needs: [
      { id: 'good', state: 'done', commit: await commit('good') },
      { id: 'skipped', state: 'cancelled', commit: await commit('skipped') },
    ],
  });
  expect((await book.log('all')).entries).toHaveLength(2);
});

test('a join waits for what may still come, and is nobody’s to take', async () => {
  const { book, app } = await agent('a');
  await book.add({ id: 'need', title: 'need', retryLimit: 0 });
  await book.add({ id: 'all', title: 'all', type: 'join', needs: ['need'] });
  await book.claim('need');
  await book.fail('need');
  expect((await sweep(app.context, book.who)).joined).toEqual([]);
  expect((await errorOf(book.next()))?.code).toBe('not-ready');
  await book.retry('need');
  await book.claim('need');
  await book.done('need');
  await book.add({ id: 'after', title: 'after', needs: ['all'] });
  // whoever asks for work notices
  expect((await book.next()).task.id).toBe('after');
});

test('wait ends with what failed and what waits for it; cancel stops the rest, and its holder is told', async () => {
  const { book } = await agent('a');
  const text = fan(3, ', retries: 0');
  await cli('a', 'workflow', 'submit', await file('a', text));
  await book.claim('fan.first');
  await book.done('fan.first');
  await book.claim('fan.part.0');
  await book.fail('fan.part.0', 'no luck');
  const late = await cli('a', 'workflow', 'wait', 'fan', '--timeout', '100ms');
  expect([late.status, late.data.workflow.state]).toEqual([7, 'running']);
  for (const id of ['fan.part.1', 'fan.part.2']) {
    await book.claim(id);
    if (id.endsWith('1')) await book.done(id);
  }
  const { data } = await cli('a', 'workflow', 'cancel', 'fan');
  expect(data.cancelled).toEqual(['fan.all', 'fan.part.2']);
  expect((await errorOf(book.done('fan.part.2')))?.code).toBe('lost');
  const ended = await cli('a', 'workflow', 'wait', 'fan');
  expect(ended).toMatchObject({ status: 7, error: { message: 'fan is failed; fan.part.0: no luck' } });
  expect((await cli('a', 'workflow', 'list')).data.workflows).toEqual([
    { id: 'fan', state: 'failed', counts: { done: 2, failed: 1, cancelled: 2 } },
  ]);
  expect((await cli('a', 'workflow', 'show', 'nowhere')).status).toBe(3);
});

test('what nobody holds is cancelled in one push, also when somebody claims one of it at that moment', async () => {
  const { book } = await agent('a', http.url('remote.git'));
  const other = await agent('b');
  await cli('a', 'workflow', 'submit', await file('a', fan(20)));
  await book.claim('fan.first');
  await book.done('fan.first');
  const pushes = () =>
    http.requests.filter((request) => request.startsWith('POST') && request.endsWith('receive-pack')).length;
  const before = pushes();
  const [cancelled] = await Promise.all([
    book.cancelWorkflow('fan', 'cancel'),
    other.book.claim('fan.part.3').catch(() => null),
  ]);
  expect(cancelled.cancelled).toHaveLength(21);
  expect(pushes() - before).toBeLessThanOrEqual(6);
  const { tasks } = await other.book.list({ workflow: 'fan' });
  expect(tasks.filter(({ state }) => state === 'cancelled')).toHaveLength(21);
  for (const { id, state } of tasks)
    expect([id, (await book.log(id)).entries.filter(({ op }) => op === 'cancel').length]).toEqual([
      id,
      state === 'cancelled' ? 1 : 0,
    ]);
});

test('a thousand tasks', { timeout: 120_000 }, async () => {
  await agent('a', http.url('remote.git'));
  const submitted = await cli('a', 'workflow', 'submit', await file('a', fan(isFull ? 998 : 300)));
  expect(submitted.status, submitted.stderr).toBe(0);
  expect(await boards()).toHaveLength(isFull ? 1000 : 302);
  const shown = await cli('a', 'workflow', 'show', 'fan');
  expect(shown.data.workflow.counts).toEqual({ open: isFull ? 1000 : 302 });
});
