// Who takes what by each strategy, and reservations: by agents with clones of their own, on a real remote.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../src/coordinator/context.ts';
import type { TaskInput } from '../../src/domain/new-task.ts';
import { type Agent, closeAgents, codeOf, errorOf, handClock, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let bare: string;
let bookId: string;
const dirOf = (name: string) => join(scratch.dir, name);
const names = ['anna', 'ben', 'cleo', 'dan'];

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(dirOf('remote.git'));
  bookId = await makeBook(bare, bare);
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

interface Options {
  readonly strategy?: string;
  readonly skills?: string;
  readonly limit?: number;
  readonly clock?: Clock;
}

/** Polls so far apart that nobody takes what is another's because that one was slow. */
const pollMs = 60_000;
const envOf = ({ strategy = 'priority', skills = 'any', limit = 3 }: Options) => ({
  COORD_TASKS_ASSIGNMENT_STRATEGY: strategy,
  COORD_AGENTS_SPECIALIZATIONS: skills,
  COORD_AGENTS_MAX_CONCURRENT_TASKS: String(limit),
  COORD_POLL_INTERVAL: `${pollMs / 1000}s`,
});

const open = (name: string, options: Options = {}): Promise<Agent> =>
  openAgent(dirOf(name), { agent: name, env: envOf(options), ...(options.clock && { clock: options.clock }) });

/** An agent that the book knows: it has done a task. */
async function joined(name: string, options: Options = {}): Promise<Agent> {
  await joinBook(bare, dirOf(name), bookId);
  const agent = await open(name, options);
  await agent.book.claim(`first-${name}`);
  await agent.book.done(`first-${name}`);
  return agent;
}

async function joinAll(optionsOf: (name: string) => Options): Promise<Agent[]> {
  const agents = [];
  for (const name of names) agents.push(await joined(name, optionsOf(name)));
  return agents;
}

async function addAll(agent: Agent | undefined, count: number, more: (n: number) => Partial<TaskInput> = () => ({})) {
  const tasks = Array.from({ length: count }, (_, n) => ({ id: `t${n}`, title: `Task ${n}`, needs: [], ...more(n) }));
  await agent?.book.submit({ tasks, placeOf: String, command: 'submit' });
}

/** Each as a process of its own, until nothing is open. Answers which tasks each has done. */
async function workAll(optionsOf: (name: string) => Options): Promise<Map<string, string[]>> {
  const loop = join(import.meta.dirname, '../helpers/take-next.mjs');
  const did = names.map(async (name): Promise<[string, string[]]> => {
    const env = { ...process.env, ...envOf(optionsOf(name)) };
    const { stdout } = await promisify(execFile)(process.execPath, [loop, dirOf(name), name], { env });
    return [name, stdout.split('\n').filter(Boolean)];
  });
  return new Map(await Promise.all(did));
}

/** On a busy machine. */
const long = { timeout: 240_000 };

test('round_robin: of 60 tasks four processes do numbers that differ by 2 at most, each task once', long, async () => {
  const options = () => ({ strategy: 'round_robin' });
  const [anna] = await joinAll(options);
  await addAll(anna, 60);
  const did = await workAll(options);
  const counts = [...did.values()].map(({ length }) => length);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(60);
  expect(Math.max(...counts) - Math.min(...counts), `${counts}`).toBeLessThanOrEqual(2);
});

test('skill_based: of 60 tasks nobody takes one without the skill, and all are done', long, async () => {
  const skills: Readonly<Record<string, string>> = { anna: 'rust', ben: 'sql', cleo: 'rust,sql', dan: 'docs' };
  const options = (name: string) => ({ strategy: 'skill_based', skills: skills[name] ?? '', limit: 1 });
  const [anna] = await joinAll(options);
  const required = (n: number): string[] => [['rust'], ['sql'], ['docs'], ['rust', 'sql'], []][n % 5] ?? [];
  await addAll(anna, 60, (n) => ({ requires: required(n) }));
  const did = await workAll(options);
  expect([...did.values()].flat()).toHaveLength(60);
  for (const [name, tasks] of did) {
    const own = skills[name]?.split(',') ?? [];
    for (const id of tasks) expect(own).toEqual(expect.arrayContaining(required(Number(id.slice(1)))));
  }
  expect(did.get('cleo')).toEqual(expect.arrayContaining(['t3', 't8', 't13']));
});

test('load_balanced: of 60 tasks none is given to a fuller agent while another is freer', long, async () => {
  const agents = await joinAll(() => ({ strategy: 'load_balanced' }));
  await addAll(agents[0], 60);
  const held = new Map<Agent, string[]>(agents.map((agent) => [agent, []]));
  const holds = (agent: Agent): string[] => held.get(agent) ?? [];
  let [left, turn, refused] = [60, 1, 0];
  while (left > 0) {
    turn = (turn * 48_271) % 2_147_483_647;
    // now and then one that has too many asks
    const byLoad = agents.toSorted((a, b) => holds(a).length - holds(b).length);
    const agent = byLoad[turn % 5 === 0 ? 3 : turn % 2] as Agent;
    const isLeast = agents.every((other) => holds(other).length >= holds(agent).length);
    const ends = turn % 3 === 0 ? holds(agent).shift() : undefined;
    if (ends !== undefined) await agent.book.done(ends);
    else if ((await codeOf(agent.book.next().then(({ task }) => holds(agent).push(task.id)))) === 'ok') {
      expect(isLeast).toBe(true);
      left--;
    } else {
      if (left >= agents.length) expect(isLeast && holds(agent).length < 3).toBe(false);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(5);
});

test('an agent that is gone is waited for once: for two polls of whoever waits, also by commands that run for a moment', async () => {
  const clock = handClock();
  const options = { strategy: 'round_robin', limit: 20, clock };
  await joined('anna', options);
  const ben = await joined('ben', options);
  await addAll(ben, 12);
  const next = async () => {
    clock.pass(1);
    return (await open('anna', options)).book.next();
  };
  for (const _ of [1, 2]) await next();
  expect(await errorOf(next())).toMatchObject({
    code: 'not-ready',
    message: 'what is ready is for ben first',
    data: { agents: ['ben'], leftMs: 2 * pollMs },
  });
  clock.pass(2 * pollMs - 2);
  expect((await errorOf(next()))?.data).toMatchObject({ leftMs: 1 });
  clock.pass(1);
  for (const _ of [1, 2, 3]) await next();
  // who comes back counts again
  await ben.book.next();
  expect(await codeOf(next())).toBe('not-ready');
  for (const _ of [1, 2, 3]) await ben.book.next();
  await next();
});

test('nobody is given a lower priority while a higher one is ready for another; what has expired is given like what is ready', async () => {
  const clock = handClock();
  const options = { strategy: 'load_balanced', clock };
  const anna = await joined('anna', options);
  const ben = await joined('ben', options);
  await addAll(anna, 4, (n) => ({ priority: n }));
  expect((await errorOf(ben.book.next()))?.message).toBe('what is ready is for anna first');
  expect((await anna.book.next({}, { ttlMs: 1000 })).task.id).toBe('t3');
  expect((await ben.book.next()).task.id).toBe('t2');
  for (let n = 0; n < 10; n++) {
    await ben.book.list();
    clock.pass(1000);
  }
  expect((await ben.book.next()).task.id).toBe('t3');
});

test('predictive: by the logs the fast one is given the long task, and the slow one the short', async () => {
  const options = { strategy: 'predictive', limit: 1 };
  const [anna, ben] = [await joined('anna', options), await joined('ben', options)];
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
  const wallOf = (agent: Agent, at: string) => ({ ...agent.app.context.clock, wall: () => at });
  for (const [agent, type, seconds] of [
    [anna, 'long', 100],
    [anna, 'short', 10],
    [ben, 'long', 400],
    [ben, 'short', 40],
  ] as const) {
    const name = agent.book.who.agent;
    for (const n of [1, 2, 3, 4]) {
      const id = `${name}-${type}-${n}`;
      await agent.book.add({ id, title: id, type });
      const begun = await openAgent(dirOf(name), {
        agent: name,
        env: envOf(options),
        clock: wallOf(agent, ago(seconds)),
      });
      await begun.book.claim(id);
      await agent.book.done(id);
    }
  }
  await addAll(anna, 2, (n) => ({ type: n === 0 ? 'short' : 'long' }));
  expect((await ben.book.next()).task.id).toBe('t0');
  expect((await anna.book.next()).task.id).toBe('t1');
});

test('a task that is reserved is claimed by nobody else, in no way, until its time has passed for whoever looks', async () => {
  const clock = handClock();
  const anna = await joined('anna', { clock });
  const ben = await joined('ben', { strategy: 'round_robin' });
  await addAll(anna, 2);
  const { task, capabilities, replaced } = await anna.book.assign('t1', 'ben', { ttlMs: 5000 });
  expect([task.assignee, capabilities, replaced]).toEqual(['ben', ['any'], null]);
  for (const force of [false, true])
    expect(await errorOf(anna.book.claim('t1', { force }))).toMatchObject({ message: 't1 is reserved for ben' });
  expect((await anna.book.next()).task.id).toBe('t0');
  expect(await codeOf(anna.book.next())).toBe('not-ready');
  clock.pass(5001);
  expect((await anna.book.show('t1')).assignee).toBe(null);
  expect((await anna.book.next()).task.id).toBe('t1');
  // as long as it is held it is nobody else's; then it is for whom it is reserved, which another has no way to know
  await anna.book.assign('t1', 'ben', { ttlMs: 5000 });
  await anna.book.release('t1');
  expect(await codeOf(anna.book.claim('t1'))).toBe('not-ready');
  await addAll(anna, 1, () => ({ id: 'older' }));
  expect((await ben.book.next()).task.id).toBe('t1');
});

test('of two who reserve one task at once the later one stands, and a claim is not undone by it', async () => {
  const [anna, ben] = [await joined('anna'), await joined('ben')];
  await addAll(anna, 1);
  const [first, second] = await Promise.all([anna.book.assign('t0', 'anna'), ben.book.assign('t0', 'ben')]);
  expect([first.reserved?.agent, second.reserved?.agent]).toEqual(['anna', 'ben']);
  const { assignee } = await anna.book.show('t0');
  const [holder, other] = assignee === 'anna' ? [anna, ben] : [ben, anna];
  expect(await codeOf(other.book.claim('t0'))).toBe('not-ready');
  const { claim } = await holder.book.claim('t0');
  await other.book.assign('t0', 'cleo');
  await other.book.assign('t0', null);
  await holder.book.done('t0');
  expect(await other.book.show('t0')).toMatchObject({ state: 'done', term: claim.term, assignee: null });
});

test('whose reservation another one ends is said, as long as that one counted', async () => {
  const clock = handClock();
  const anna = await joined('anna', { clock });
  await addAll(anna, 1);
  const replacedBy = async (agent: string | null) => (await anna.book.assign('t0', agent, { ttlMs: 5000 })).replaced;
  expect(await replacedBy('ben')).toBe(null);
  expect(await replacedBy('ben')).toBe(null);
  expect(await replacedBy('anna')).toEqual({ agent: 'ben', ttlMs: 5000 });
  expect(await replacedBy(null)).toEqual({ agent: 'anna', ttlMs: 5000 });
  expect(await replacedBy('ben')).toBe(null);
  await anna.book.list();
  clock.pass(5001);
  expect(await replacedBy('anna')).toBe(null);
});

test('assign, and claims without the skill, on the command line: 7, with the skills that are missing', async () => {
  const anna = await joined('anna', { skills: 'sql' });
  await joined('ben', { skills: 'rust,sql' });
  await addAll(anna, 1, () => ({ requires: ['rust', 'sql'] }));
  const cli = (name: string, skills: string, ...args: string[]) =>
    cliJson(args, { cwd: dirOf(name), env: { ...envOf({ skills }), COORD_AGENT: name, COORD_SESSION: `s-${name}` } });
  const lacks = {
    status: 7,
    error: { code: 'not-ready', message: 't0 requires rust, which anna lacks', data: { lacking: ['rust'] } },
  };
  expect(await cli('ben', 'rust,sql', 'assign', 't0', 'anna')).toMatchObject(lacks);
  expect(await cli('anna', 'sql', 'claim', 't0')).toMatchObject(lacks);
  expect(await cli('anna', 'sql', 'claim', 't0', '--force')).toMatchObject(lacks);
  expect(await cli('anna', 'sql', 'assign', 't0', 'ben', '--ttl', '1h')).toMatchObject({
    status: 0,
    data: { id: 't0', assignee: 'ben', reserved: { agent: 'ben', ttlMs: 3_600_000 } },
  });
  expect((await cli('anna', 'sql', 'list', '--agent', 'ben')).data.tasks).toHaveLength(1);
  const unknown = await cli('anna', 'sql', 'assign', 't0', 'nobody');
  expect([unknown.status, unknown.data.replaced]).toEqual([0, { agent: 'ben', ttlMs: 3_600_000 }]);
  for (const said of ['no agent nobody has claimed anything', 'it was reserved for ben until then'])
    expect(unknown.stderr).toContain(said);
  expect((await cli('anna', 'sql', 'assign', 't0', '--none')).data).toMatchObject({ assignee: null, reserved: null });
  for (const args of [
    ['t0'],
    ['t0', 'ben', '--none'],
    ['t0', '--none', '--ttl', '1h'],
    ['t0', 'ben', '--ttl', '2d'],
    ['t0', 'a b'],
  ])
    expect((await cli('anna', 'sql', 'assign', ...args)).status, args.join(' ')).toBe(2);
  expect((await cli('anna', 'sql', 'assign', 'nowhere', 'ben')).status).toBe(3);
  expect((await cli('ben', 'rust,sql', 'claim', 't0')).status).toBe(0);
});
