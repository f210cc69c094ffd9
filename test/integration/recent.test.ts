// A claim decides first on what the daemon saw in its last look. What it saw may be wrong by now; then the push fails, or
// the remote is asked, and nobody is told anything that isn't so.
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, closeAgents, codeOf, errorOf, handClock, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { type HttpBackend, startHttpBackend } from '../helpers/http-backend.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let http: HttpBackend;
let bare: string;
/** Anna's: what she saw stays recent until it passes. */
let clock: ReturnType<typeof handClock>;
let anna: Agent;
let ben: Agent;

beforeEach(async () => {
  scratch = await makeScratch();
  http = await startHttpBackend({ root: scratch.dir });
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  const book = await makeBook(bare, bare);
  const clone = (name: string) => joinBook(http.url('remote.git'), join(scratch.dir, name), book);
  clock = handClock();
  anna = await openAgent(await clone('anna'), { agent: 'anna', clock });
  ben = await openAgent(await clone('ben'), { agent: 'ben' });
});
afterEach(async () => {
  await closeAgents();
  await http.stop();
  await scratch.remove();
});

/** The whole book, as the daemon's look would leave it. */
async function look({ app, book }: Agent): Promise<void> {
  const startedMs = app.context.clock.bootMs();
  await book.list();
  app.fresh.readWhole(startedMs);
}

async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const before = http.requests.length;
  await work();
  return http.requests.slice(before);
}

const push = 'POST /remote.git/git-receive-pack';

test('a task that was just seen is claimed by one request, by name and as the next', async () => {
  for (const id of ['a', 'b']) await ben.book.add({ id, title: id });
  await look(anna);
  expect((await requestsOf(() => anna.book.claim('a')))[0]).toBe(push);
  expect((await requestsOf(() => anna.book.next()))[0]).toBe(push);
  expect((await anna.book.list({ mine: true })).tasks.map(({ id }) => id)).toEqual(['a', 'b']);
});

test('one that was taken since is refused, after the remote was asked; the next one is another', async () => {
  for (const id of ['a', 'b']) await ben.book.add({ id, title: id, priority: id === 'a' ? 1 : 0 });
  await look(anna);
  await ben.book.claim('a');
  expect(await codeOf(anna.book.claim('a'))).toBe('held');
  expect((await anna.book.next()).task.id).toBe('b');
});

test('what is best to do next is not chosen by what was seen longer ago: a higher priority may have come', async () => {
  await ben.book.add({ id: 'low', title: 'low' });
  await look(anna);
  await ben.book.add({ id: 'high', title: 'high', priority: 5 });
  clock.pass(501);
  expect((await anna.book.next()).task.id).toBe('high');
});

test('after a race that was lost the remote is asked: what came meanwhile is not passed over', async () => {
  for (const [id, priority] of Object.entries({ a: 9, c: 1 })) await ben.book.add({ id, title: id, priority });
  await look(anna);
  await ben.book.claim('a');
  await ben.book.add({ id: 'b', title: 'b', priority: 5 });
  expect((await anna.book.next()).task.id).toBe('b');
});

test('who waits for the next gets what becomes ready, and is told when nothing did', async () => {
  const waits = ben.book.next({}, { waitMs: 30_000 });
  await anna.book.add({ id: 'a', title: 'a' });
  expect((await waits).task.id).toBe('a');
  const error = await errorOf(anna.book.next({}, { waitMs: 1 }));
  expect([error?.code, error?.message]).toEqual(['not-ready', 'nothing became ready in time']);
});

test('one that was held and is free since is claimed', async () => {
  await ben.book.claim('a');
  await look(anna);
  await ben.book.release('a');
  expect((await anna.book.claim('a')).via).toBe('free');
});

test('a repository that was made anew is noticed before anything is written there', async () => {
  await ben.book.add({ id: 'a', title: 'a' });
  await look(anna);
  await rename(bare, `${bare}.old`);
  await makeBareRepo(bare);
  for (const id of ['a', 'new']) expect(await codeOf(anna.book.claim(id)), id).toBe('unavailable');
  expect(await git(['for-each-ref'], { cwd: bare })).toBe('');
});
