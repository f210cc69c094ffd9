// A server that dies half-way through an atomic push: killed by strace at each rename and each unlink, objects aside
// (files backend; the worst moments are between the renames of the two refs). Trap 34.
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/coordinator/context.ts';
import { sweep } from '../../src/coordinator/sweep.ts';
import type { CoordError } from '../../src/errors.ts';
import {
  type Agent,
  closeAgents,
  codeOf,
  errorOf,
  fastClock,
  joinBook,
  makeBook,
  openAgent,
  tenures,
} from '../helpers/book.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

const full = process.env.COORD_TEST_FULL === '1';
const hasStrace = (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'strace')));
if (!hasStrace) console.log('SKIP server-death: strace is not installed');

const operations = ['claim', 'release', 'takeover', 'expiry'] as const;
type Operation = (typeof operations)[number];
/** The system calls at which receive-pack is killed: `rename 2` is the second of one process. */
interface Point {
  readonly call: 'rename' | 'unlink';
  readonly nth: number;
}
const pointsMax = 12;
const ttlMs = 20_000;
const names = ['agent-a', 'agent-b', 'agent-c'];

let scratch: Scratch;
let bare: string;
/** Says at which call the next receive-pack through the wrapper dies; absent: it doesn't. */
let armed: string;
let clones: string[];
let clock: Clock;

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  armed = join(scratch.dir, 'armed');
  const wrapper = join(scratch.dir, 'receive-pack');
  const inject = '-e trace=rename,unlink -e "inject=$call:signal=SIGKILL:when=$nth"';
  const text = `#!/bin/sh\n[ -e '${armed}' ] || exec git receive-pack "$@"\nread -r call nth <'${armed}'\nrm '${armed}'\nexec strace -f -o '${scratch.dir}/trace' ${inject} git receive-pack "$@"\n`;
  await writeFile(wrapper, text);
  await chmod(wrapper, 0o755);
  clock = fastClock(10);
  const pusher = join(scratch.dir, 'pusher');
  await git(['init', '--quiet', pusher], { cwd: scratch.dir });
  const book = await makeBook(bare, pusher);
  clones = [];
  for (const agent of names) {
    const clone = await joinBook(bare, join(scratch.dir, agent), book);
    await git(['config', 'remote.origin.receivepack', wrapper], { cwd: clone });
    clones.push(clone);
  }
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

/** Each operation at every point at which its push comes by; a tenth of them as a rule. */
const few: Record<Operation, readonly Point[]> = {
  claim: [{ call: 'rename', nth: 2 }],
  release: [
    { call: 'rename', nth: 1 },
    { call: 'unlink', nth: 4 },
  ],
  takeover: [{ call: 'rename', nth: 2 }],
  expiry: [{ call: 'unlink', nth: 3 }],
};

describe.skipIf(!hasStrace).each(operations)('a server killed in a %s', (operation) => {
  test('nothing is held twice, and nothing is stuck', { timeout: 900_000 }, async () => {
    if (!full) {
      for (const point of few[operation]) expect(await dies(operation, point), `${point.call} ${point.nth}`).toBe(true);
      return;
    }
    for (const call of ['rename', 'unlink'] as const) {
      let nth = 1;
      while (nth <= pointsMax && (await dies(operation, { call, nth }))) nth++;
      const moved = operation === 'claim' || operation === 'takeover' ? 2 : 1;
      expect(nth, `${call}s in a ${operation}`).toBeGreaterThan(call === 'rename' ? moved : 2);
      expect(nth).toBeLessThanOrEqual(pointsMax);
    }
  });
});

/** Answers whether the server came by that point at all. */
async function dies(operation: Operation, point: Point): Promise<boolean> {
  const task = `${operation}-${point.call}-${point.nth}`;
  // sessions of their own, so that none goes on with what another case left open
  const open = (clone: string, n: number) => openAgent(clone, { agent: names[n] ?? '', session: task, clock });
  const [a, b, c] = (await Promise.all(clones.map(open))) as [Agent, Agent, Agent];
  if (operation !== 'claim') await a.book.claim(task, { ttlMs });
  if (operation === 'takeover' || operation === 'expiry') await stoodStill(b, task);
  await writeFile(armed, `${point.call} ${point.nth}\n`);
  const actor = operation === 'claim' || operation === 'release' ? a : b;
  let error = await errorOf(run(operation, actor, task));
  expect(existsSync(armed), 'the push went through the wrapper').toBe(false);
  const killed = (await readFile(join(scratch.dir, 'trace'), 'utf8')).includes('killed by SIGKILL');
  const locks = await lockFiles();
  if (error !== null) {
    expect(['unavailable', 'unknown', 'held', 'lost', 'not-ready'], `${task}: ${error.message}`).toContain(error.code);
    // without locks it was the child that unpacks who died: git says so itself, and nothing has moved
    if (error.code === 'unavailable' && locks.length > 0) expectNamed(error, locks);
  }

  // while the locks stay, the same command says so, and all other work goes on
  if (error !== null && (error.code === 'unavailable' || error.code === 'unknown') && operation !== 'expiry') {
    const again = await errorOf(run(operation, actor, task));
    if (again?.code === 'unavailable') expectNamed(again, locks);
    else expect(again?.code, again?.message).not.toBe('unknown');
    if (again === null) error = null;
  }
  const other = `other-${task}`;
  await c.book.claim(other);
  await c.book.release(other);
  await c.book.claim(other);
  expect((await c.book.done(other)).state).toBe('done');
  const named = await deleteNamed(c, task, await lockFiles());

  // the locks are deleted as they are named, then the rest: nothing waits longer than ttl and grace
  for (const lock of await lockFiles()) await rm(lock, { force: true });
  const holder = await holderAfter(task, operation, actor, error);
  if (holder !== null) {
    expect(named.claimed, 'somebody else has it as well').toBe(false);
    expect((await holder.book.done(task)).state).toBe('done');
  } else if (!named.claimed) {
    await c.book.claim(task, { waitMs: ttlMs + 3000 });
    expect((await c.book.done(task)).state).toBe('done');
  }
  const begun = await tenures(bare, task);
  expect(new Set(begun.map((tenure) => tenure.split(' ')[0])).size, begun.join(', ')).toBe(begun.length);
  await closeAgents();
  return killed;
}

async function run(operation: Operation, { book }: Agent, task: string): Promise<unknown> {
  if (operation === 'release') return book.release(task);
  if (operation === 'expiry') return sweepAs(book);
  return book.claim(task, { ttlMs });
}

async function sweepAs(book: Agent['book']): Promise<void> {
  await sweep(book.context, book.who);
}

/** Has that clone watch the claim for as long as a takeover needs. */
async function stoodStill({ book, app }: Agent, task: string): Promise<void> {
  await waitFor(async () => (await book.show(task)).claim?.observed.expired, {
    deadlineMs: 30_000,
    what: `${task} expires`,
  });
  app.context.observed.save();
}

/** Another clone tries this task while locks stay. What it is told is 6 with a lock file to delete, or that it is held. */
async function deleteNamed({ book }: Agent, task: string, locks: readonly string[]): Promise<{ claimed: boolean }> {
  for (let tries = 0; tries <= locks.length; tries++) {
    const error = await errorOf(book.claim(task, { ttlMs }));
    if (error === null) return { claimed: true };
    if (error.code !== 'unavailable') {
      expect(error.code, error.message).toBe('held');
      return { claimed: false };
    }
    for (const lock of expectNamed(error, await lockFiles())) await rm(lock);
  }
  throw new Error(`${task} stays locked though each named lock was deleted: ${await lockFiles()}`);
}

function expectNamed(error: CoordError, locks: readonly string[]): readonly string[] {
  const named = (error.data as { locks: string[] } | undefined)?.locks ?? [];
  expect(named.length, error.message).toBeGreaterThan(0);
  for (const lock of named) {
    expect(locks).toContain(lock);
    expect(error.message).toContain(lock);
  }
  return named;
}

/** Who was told that the task is theirs, and still is by the same command, now that the server is whole again. */
async function holderAfter(
  task: string,
  operation: Operation,
  actor: Agent,
  error: CoordError | null,
): Promise<Agent | null> {
  if (operation === 'release' || operation === 'expiry' || error !== null) return null;
  expect(await codeOf(actor.book.renew([task]))).toBe('ok');
  return actor;
}

async function lockFiles(): Promise<string[]> {
  const names = await readdir(bare, { recursive: true });
  return names.filter((name) => name.endsWith('.lock')).map((name) => join(bare, name));
}
