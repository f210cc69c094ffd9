// Agents register, say how they are, and tell things of their own; others watch, through races, breakage and hostile records.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { chmod, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { queueEvent } from '../../src/coordinator/event-chains.ts';
import { pruneAgents } from '../../src/coordinator/prune-agents.ts';
import { publishEvent } from '../../src/coordinator/publish-event.ts';
import { liveAgents, readAgents } from '../../src/coordinator/read-agents.ts';
import { sweep } from '../../src/coordinator/sweep.ts';
import type { StreamedEvent } from '../../src/coordinator/watch-events.ts';
import {
  type Agent,
  type AgentOptions,
  closeAgents,
  codeOf,
  errorOf,
  handClock,
  joinBook,
  makeBook,
  makeLocalBook,
  openAgent,
} from '../helpers/book.ts';
import { cli, cliJson, startCli } from '../helpers/cli.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

const bin = fileURLToPath(new URL('../../bin/git-coord.cjs', import.meta.url));
let scratch: Scratch;
let bare: string;
let bookId: string;
const dirOf = (name: string) => join(scratch.dir, name);

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(dirOf('remote.git'));
  bookId = await makeBook(bare, bare);
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

async function joined(name: string, options: AgentOptions = {}): Promise<Agent> {
  return openAgent(await joinBook(bare, dirOf(name), bookId), { agent: name, ...options });
}

/** The notes of an agent's chain on the remote, oldest first. */
async function chain(agent: string, cwd = bare) {
  const text = await git(['log', '--reverse', '--format=%b%x00', `refs/events/${agent}`], { cwd });
  const notes = text.split('\0').filter((body) => body.trim() !== '');
  return notes.map(
    (body) => JSON.parse(body) as StreamedEvent & { first: number; after?: { tip: string; seq: number } },
  );
}
const told = async (agent: string) => (await chain(agent)).map(({ type, seq, data }) => [seq, type, data]);

/** Puts a record there as plain git would, whatever it says. */
async function put(ref: string, message: string, parent?: string, cwd = bare): Promise<string> {
  const tree = await git(['hash-object', '-w', '-t', 'tree', '/dev/null'], { cwd });
  await writeFile(dirOf('message'), message);
  const args = ['commit-tree', '-F', dirOf('message'), ...(parent === undefined ? [] : ['-p', parent]), tree];
  const oid = await git(args, { cwd });
  await git(['update-ref', ref, oid], { cwd });
  return oid;
}

/** What a subscription was told, as `type task`. */
async function watching({ book }: Agent, request: Parameters<Agent['book']['subscribe']>[1] = {}) {
  const events: StreamedEvent[] = [];
  const said: string[] = [];
  const subscription = await book.subscribe((event) => void events.push(event), {
    onAway: (error) => void said.push(error === null ? `back before ${events.length + 1}` : error.code),
    onGap: (words) => void said.push(words),
    ...request,
  });
  const short = () => events.map(({ type, task }) => (task === null ? type : `${type} ${task}`));
  return { events, said, short, subscription };
}

test('a record and what it tells are one push; a status that was set stands until the tasks change', async () => {
  const log = dirOf('pushes');
  await writeFile(
    join(bare, 'hooks/post-receive'),
    `#!/bin/sh\nsed 's/.* //' | tr '\\n' ' ' >>'${log}'; echo >>'${log}'\n`,
  );
  await chmod(join(bare, 'hooks/post-receive'), 0o755);
  const anna = await joined('anna');
  const pushes = async () =>
    (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.trim());
  await anna.book.registerAgent({ capabilities: ['docs', 'docs', 'typescript'] });
  expect(await pushes()).toEqual(['refs/agents/anna refs/events/anna']);
  expect(await anna.book.setStatus('error')).toMatchObject({
    id: 'anna',
    session: 's-anna',
    status: 'error',
    tasks: [],
  });
  await anna.book.setStatus('error');
  expect((await pushes()).slice(1)).toEqual(['refs/agents/anna refs/events/anna', 'refs/agents/anna']);
  await anna.book.claim('a');
  expect((await pushes()).at(-1)).toBe('refs/agents/anna refs/events/anna');
  await anna.book.setStatus('offline');
  const registered = { capabilities: ['docs', 'typescript'], status: 'available', task: null };
  expect(await told('anna')).toEqual([
    [1, 'agent.registered', expect.objectContaining(registered)],
    [2, 'agent.status', { from: 'available', to: 'error', task: null }],
    [3, 'agent.status', { from: 'error', to: 'busy', task: 'a' }],
    [4, 'agent.offline', { from: 'busy', to: 'offline', task: null }],
  ]);
  const [seen] = liveAgents(await readAgents(anna.app.context), (await anna.book.list()).tasks);
  expect(seen).toMatchObject({ status: 'offline', tasks: ['a'], capabilities: ['docs', 'typescript'] });
});

test('what it was registered with is what claim --next goes by', async () => {
  const anna = await joined('anna');
  await anna.book.add({ id: 'a', title: 'a', requires: ['rust'] });
  expect(await codeOf(anna.book.next())).toBe('not-ready');
  await anna.book.registerAgent({ capabilities: ['rust'] });
  expect((await anna.book.next()).task.id).toBe('a');
  await anna.book.release('a');
  await anna.book.registerAgent();
  expect(await codeOf(anna.book.next())).toBe('not-ready');
  expect(await codeOf(anna.book.registerAgent({ capabilities: ['a b'] }))).toBe('usage');
});

test('two clones that tell in one name: everything once, whoever loses a race', async () => {
  const [one, two] = await Promise.all(['one', 'two'].map((name) => joined(name, { agent: 'anna' })));
  const many = async ({ book }: Agent = one as Agent, name: string) => {
    for (let n = 0; n < 10; n++) await book.publish('tick', `${name}${n}`, { now: true });
  };
  await Promise.all([many(one, 'x'), many(two, 'y')]);
  const events = await chain('anna');
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  const ofOne = (name: string) => events.map(({ data }) => String(data)).filter((data) => data.startsWith(name));
  for (const name of ['x', 'y']) expect(ofOne(name)).toEqual(Array.from({ length: 10 }, (_, n) => `${name}${n}`));
});

test('an event that was pushed by a process that died then is told once', async () => {
  const anna = await joined('anna');
  const { outbox, chains } = anna.app.context;
  await anna.book.publish('tick', 1, { now: true });
  const end = chains.get('anna');
  await anna.book.publish('tick', 2, { now: true });
  const [last] = (await chain('anna')).slice(-1);
  const { id = '', at = '' } = last ?? {};
  outbox.put('left', { name: 'left', id, at, type: 'tick', by: 'anna', data: 2 });
  if (end) chains.put('anna', end);
  await anna.book.publish('tick', 3, { now: true });
  expect((await chain('anna')).map(({ data }) => data)).toEqual([1, 2, 3]);
  expect(outbox.all()).toEqual([]);
});

test('a chain is begun anew above its bound; who follows misses nothing, and who was away long is told what', async () => {
  const dir = await makeLocalBook(dirOf('local'));
  const anna = await openAgent(dir, { agent: 'anna' });
  await anna.book.publish('tick', 0, { now: true });
  const early = await watching(anna);
  await early.subscription.close();
  const follows = await watching(anna);
  // as if many had been told since
  const far = { v: 1, kind: 'event', id: 'far', type: 'tick', by: 'anna', at: 'now', seq: 991, first: 1, data: 990 };
  const parent = await git(['rev-parse', 'refs/events/anna'], { cwd: dir });
  await put('refs/events/anna', `x\n\n${JSON.stringify(far)}`, parent, dir);
  for (let n = 991; n < 1020; n++) {
    const event = { id: `e${n}`, type: 'tick', by: 'anna', at: new Date().toISOString(), data: n };
    expect(queueEvent(anna.app.context, event)).toBe(true);
  }
  await anna.book.publish('tick', 1020, { now: true });
  const kept = await chain('anna', dir);
  expect(kept[0]).toMatchObject({ seq: 991, after: { seq: 1001 } });
  expect(kept.map(({ seq }) => seq)).toEqual(Array.from({ length: 31 }, (_, n) => 991 + n));
  expect(kept.at(-1)).toMatchObject({ data: 1020, first: 991 });
  await follows.subscription.close();
  expect(follows.events.map(({ data }) => data)).toEqual(Array.from({ length: 31 }, (_, n) => 990 + n));
  expect(follows.said).toEqual([]);
  const late = await watching(anna, { since: early.subscription.cursor });
  await late.subscription.close();
  expect(late.events.map(({ seq }) => seq)).toEqual(kept.map(({ seq }) => seq));
  expect(late.said).toEqual(['events 2 to 990 of anna are no longer kept']);
});

const note = (change: object) =>
  `x\n\n${JSON.stringify({ v: 1, kind: 'event', id: 'i', type: 'evil', by: 'ben', at: 'now', seq: 1, first: 1, data: null, ...change })}`;
const tipOf = (agent: string) => git(['rev-parse', `refs/events/${agent}`], { cwd: bare });
const most = Number.MAX_SAFE_INTEGER;

test.each([
  ['by another', note({ by: 'eve', seq: most })],
  ['by another, with the next count', note({ by: 'eve', seq: 3 })],
  ['in the name of the agent, with the highest count', note({ by: 'anna', seq: most })],
  ['of a type that the tool alone tells', note({ by: 'anna', type: 'task.done', seq: most })],
  ['that is none', 'not a note'],
])("a note %s on an agent's chain counts for nothing", async (_, message) => {
  const anna = await joined('anna');
  const early = await watching(anna, { types: ['tick'] });
  await early.subscription.close();
  const follows = await watching(anna, { types: ['tick'] });
  for (const n of [1, 2]) await anna.book.publish('tick', n, { now: true });
  await waitFor(() => follows.events.length === 2, { what: 'two are told' });
  await put('refs/events/anna', message, await tipOf('anna'));
  const other = await openAgent(await joinBook(bare, dirOf('other'), bookId), { agent: 'anna' });
  for (const [n, { book }] of [anna, other, anna].entries())
    expect(await book.publish('tick', 3 + n, { now: true })).toMatchObject({ sent: true });
  await follows.subscription.close();
  const late = await watching(other, { types: ['tick'] });
  await late.subscription.close();
  const missed = await watching(anna, { types: ['tick'], since: early.subscription.cursor });
  await missed.subscription.close();
  const listed = (await anna.book.events({ types: ['tick'] })).events;
  for (const events of [listed, follows.events, missed.events])
    expect(events.map(({ seq, data }) => [seq, data])).toEqual([1, 2, 3, 4, 5].map((n) => [n, n]));
  expect([...follows.said, ...missed.said]).toEqual([]);
});

test('an agent that was made mute is heard again', async () => {
  const anna = await joined('anna');
  const follows = await watching(anna);
  const above = { by: 'anna', seq: most + 1, first: most + 1 };
  const tip = await put('refs/events/anna', note(above));
  anna.app.context.chains.put('anna', { value: tip, tip, ...above });
  await anna.book.publish('tick', 1, { now: true });
  await follows.subscription.close();
  expect(follows.events.map(({ seq, data }) => [seq, data])).toEqual([[1, 1]]);
});

test('a chain that somebody has written anew is told no second time', async () => {
  const anna = await joined('anna');
  const follows = await watching(anna);
  for (const n of [1, 2, 3]) await anna.book.publish('tick', n, { now: true });
  await waitFor(() => follows.events.length === 3, { what: 'three are told' });
  const bodies = (await git(['log', '--reverse', '--format=%B%x00', 'refs/events/anna'], { cwd: bare })).split('\0');
  let parent: string | undefined;
  for (const body of bodies.filter((one) => one.trim() !== ''))
    parent = await put('refs/events/anna', body.trim(), parent);
  for (const n of [4, 5]) await anna.book.publish('tick', n, { now: true });
  await follows.subscription.close();
  expect(follows.events.map(({ seq, data }) => [seq, data])).toEqual([1, 2, 3, 4, 5].map((n) => [n, n]));
  expect(follows.said).toEqual([]);
});

test('what waits is told in the order in which it was published, whatever the clocks say', async () => {
  let nowMs = Date.parse('2026-11-27T12:00:00Z');
  const wall = () => {
    nowMs -= 1000;
    return new Date(nowMs).toISOString();
  };
  const clock = { ...handClock(), wall };
  const anna = await joined('anna', { clock });
  const again = await openAgent(dirOf('anna'), { agent: 'anna', clock });
  for (const [n, { app, book }] of [anna, anna, again, anna].entries())
    await publishEvent(app.context, book.who, { type: 'tick', data: n, now: false });
  await again.book.publish('tick', 4, { now: true });
  expect((await chain('anna')).map(({ data }) => data)).toEqual([0, 1, 2, 3, 4]);
});

test("what only the tool tells is no event on an agent's chain", async () => {
  const anna = await joined('anna');
  await anna.book.add({ id: 't1', title: 't1' });
  const [all, ofTask] = [await watching(anna), await watching(anna, { task: 't1' })];
  const forged = [
    ['task.done', { task: 't1' }],
    ['watch.ended', null],
    ['agent.made-up', { task: 't1' }],
    ['agent.status', { from: 'busy', to: 'available', task: '\u001b[2J' }],
    ['agent.status', { from: 'busy', to: 'available', task: ['t1'] }],
    ['my.status', { task: 't1' }],
  ].map(([type, data], n) => note({ id: `i${n}`, type, data, seq: n + 1 }));
  let parent: string | undefined;
  for (const one of forged) parent = await put('refs/events/ben', one, parent);
  await anna.book.publish('tick', null, { now: true });
  await Promise.all([all.subscription.close(), ofTask.subscription.close()]);
  expect(all.short().toSorted()).toEqual(['my.status', 'tick']);
  expect(ofTask.short()).toEqual([]);
  expect((await anna.book.events()).events.map(({ type }) => type).toSorted()).toEqual(['my.status', 'tick']);
});

/** Past hooks of the server. */
const asAdmin = ['-c', 'core.hooksPath=/dev/null', 'update-ref'];

test('a task that leaves the board is no event, and one that comes back is told no second time', async () => {
  const anna = await joined('anna');
  for (const id of ['a', 'b']) await anna.book.add({ id, title: id });
  const { short, said, subscription } = await watching(anna);
  await anna.book.cancel('a');
  await waitFor(() => short().length === 1, { what: 'the end of a' });
  const [a, b] = await Promise.all(['a', 'b'].map((id) => git(['rev-parse', `refs/board/${id}`], { cwd: bare })));
  for (const id of ['a', 'b']) await git([...asAdmin, '-d', `refs/board/${id}`], { cwd: bare });
  await waitFor(() => said.length > 0, { what: 'b is missed' });
  expect(said).toEqual(['refs/board/b is gone, its last steps untold']);
  await git([...asAdmin, 'refs/board/a', a ?? ''], { cwd: bare });
  await git([...asAdmin, 'refs/board/b', b ?? ''], { cwd: bare });
  await anna.book.cancel('b');
  await subscription.close();
  expect(short()).toEqual(['task.cancel a', 'task.cancel b']);
});

test('who was away while tasks were finished and archived is told of it all from the archive', async () => {
  const clock = handClock();
  const anna = await joined('anna', { clock });
  for (const id of ['a', 'b']) await anna.book.add({ id, title: id });
  await anna.book.cancel('a');
  const before = await watching(anna);
  await before.subscription.close();
  await anna.book.cancel('b');
  await anna.book.add({ id: 'c', title: 'c' });
  await anna.book.cancel('c');
  await anna.book.archive();
  clock.pass(3_600_000);
  expect((await anna.book.archive()).archived.toSorted()).toEqual(['a', 'b', 'c']);
  const { short, said, subscription } = await watching(anna, { since: before.subscription.cursor });
  await anna.book.add({ id: 'd', title: 'd' });
  await subscription.close();
  expect(short()).toEqual(['task.cancel b', 'task.add c', 'task.cancel c', 'task.add d']);
  expect(said).toEqual([]);
  const again = await watching(anna, { since: subscription.cursor });
  await again.subscription.close();
  expect(again.events).toEqual([]);
});

test('with the remote away it is said once, and it goes on', async () => {
  const anna = await joined('anna', { env: { COORD_POLL_INTERVAL: '100ms' } });
  const ben = await joined('ben');
  const { short, said, subscription } = await watching(anna);
  await rename(bare, `${bare}.away`);
  await waitFor(() => said.length > 0, { what: 'it is away' });
  expect(await codeOf(anna.book.publish('tick', null, { now: true }))).toBe('unavailable');
  expect((await errorOf(anna.book.subscribe(() => {})))?.code).toBe('unavailable');
  await rename(`${bare}.away`, bare);
  await ben.book.add({ id: 'a', title: 'a' });
  await waitFor(() => short().length > 0, { what: 'it goes on' });
  await anna.book.publish('tock', null, { now: true });
  await subscription.close();
  expect(said).toEqual(['unavailable', 'back before 1']);
  expect(short()).toEqual(['task.add a', 'tick', 'tock']);
});

test('hostile records are no events, hide none, and reach no terminal', async () => {
  const anna = await joined('anna');
  await anna.book.publish('tick', 'good', { now: true });
  const since = (await anna.book.events()).events[0]?.cursor;
  const inAnnasName = await put('refs/events/ben', note({ by: 'anna' }));
  const huge = await put('refs/events/ben', note({ seq: 2, data: 'x'.repeat(300_000) }), inAnnasName);
  const deep = await put('refs/events/ben', note({ seq: 3, data: JSON.parse('['.repeat(80) + ']'.repeat(80)) }), huge);
  const screen = { seq: 4, at: '\u001b]0;pwned\u0007', data: '\u001b[2J\u202edrow\nanna' };
  await put('refs/events/ben', note(screen), deep);
  await put('refs/events/carl', 'not a note');
  await anna.book.publish('tick', 'last', { now: true });
  const at = { cwd: dirOf('anna'), env: { COORD_AGENT: 'anna' } };
  const shown = await cli(['watch', '--since', since ?? '', '--limit', '2'], at);
  expect(shown.status, shown.stderr).toBe(0);
  expect(shown.stdout).not.toMatch(/[\u001b\u0007\u202e]/);
  expect(
    shown.stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(/^\S+ /, '')),
  ).toHaveLength(2);
  expect(shown.stdout).toMatch(/evil by ben/);
  expect(shown.stdout).toMatch(/tick by anna {2}"last"|tick by anna "last"/);
  expect((await cli(['events', 'list'], at)).stdout).not.toMatch(/[\u001b\u0007\u202e]/);
  const { data } = await cliJson(['doctor'], at);
  expect(JSON.stringify(data.checks)).toContain('refs/events/carl: it carries no JSON note');
});

test('bad input is refused by name', async () => {
  await joined('anna');
  const at = { cwd: dirOf('anna'), env: { COORD_AGENT: 'anna' } };
  const refused = async (...args: string[]) => {
    const { status, error } = await cliJson(args, at);
    return `${status} ${error?.code}: ${error?.message}`;
  };
  expect(await refused('events', 'publish', 'task.done')).toContain('2 usage: "task.done" is no type to publish');
  expect(await refused('events', 'publish', 'x', '{')).toContain("2 usage: the event's data is no JSON");
  expect(await refused('events', 'publish', 'x', JSON.stringify('x'.repeat(70_000)))).toContain('at most 65536 fit');
  expect(await refused('events', 'publish')).toContain('2 usage: events publish needs a type');
  expect(await refused('events', 'list', 'x')).toContain('2 usage');
  expect(await refused('agent', 'set')).toContain('2 usage: agent set needs a status');
  expect(await refused('agent', 'set', 'asleep')).toContain('2 usage');
  expect(await refused('agent', 'register', 'busy')).toContain('2 usage: agent register takes no status');
  expect(await refused('watch', '--since', 'x')).toContain('2 usage: "x" is no cursor');
  expect(await refused('watch', '--limit', '0')).toContain('2 usage');
  expect(await refused('watch', '--task', 'a/b')).toContain('2 bad-id');
  expect(await refused('watch', '--agent', '!!')).toContain('2 bad-id');
  expect(await refused('events', 'list', '--type', '!!')).toContain('2 usage: no event has the type');
  expect(await refused('watch', '--since', 'ffffffff.000000000000.1')).toContain(
    '2 usage: the cursor is of another book',
  );
  const own = `${bookId.slice(0, 8)}.000000000000.1`;
  expect(await refused('watch', '--since', own)).toContain('2 usage: the cursor is not known here');
});

test('watch ends cleanly: by a signal, and when its reader goes', async () => {
  const anna = await joined('anna');
  // what is told sooner than that was seen as a change of a file
  const at = { cwd: dirOf('anna'), env: { COORD_AGENT: 'anna', COORD_POLL_INTERVAL: '60s' } };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = startCli(['watch', '--json'], at);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    await waitFor(() => text.includes('watch.begun'), { what: 'it watches' });
    await anna.book.add({ id: `of-${signal}`.toLowerCase(), title: 'x' });
    await waitFor(() => text.includes('task.add'), { what: 'it tells' });
    child.kill(signal);
    const status = await new Promise((resolve) => child.once('close', resolve));
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).data);
    expect(status).toBe(0);
    expect(lines.map(({ type }) => type)).toEqual(['watch.begun', 'task.add', 'watch.ended']);
    expect(lines[2].cursor).toBe(lines[1].cursor);
  }
  const gone = startCli(['watch', '--json'], at);
  const closed = new Promise((resolve) => gone.once('close', resolve));
  await new Promise((resolve) => gone.stdout?.once('data', resolve));
  gone.stdout?.destroy();
  for (const id of ['x', 'y']) await anna.book.add({ id, title: id });
  expect(await closed).toBe(0);
});

test('watch ends when its reader goes though nothing happens, and when the git that runs it was killed', async () => {
  await joined('anna');
  await symlink(bin, dirOf('git-coord'));
  const env = { ...process.env, COORD_AGENT: 'anna', PATH: `${scratch.dir}:${process.env.PATH}` };
  const at: SpawnOptions = { cwd: dirOf('anna'), env, stdio: ['ignore', 'pipe', 'ignore'] };
  const closed = (child: ChildProcess) => new Promise((resolve) => child.once('close', resolve));
  expect(await closed(spawn('sh', ['-c', 'git coord watch --json | head -n 1'], at))).toBe(0);
  const killed = spawn('git', ['coord', 'watch', '--json'], at);
  await new Promise((resolve) => killed.stdout?.once('data', resolve));
  killed.kill('SIGKILL');
  // its output is closed when the last that can write to it has ended
  await closed(killed);
});

test('a slow reader is waited for, and a signal ends that: the cursor is of what was told', async () => {
  // more than fits into what lies between two processes
  const bigs = 40;
  const dir = await makeLocalBook(dirOf('local'));
  const anna = await openAgent(dir, { agent: 'anna' });
  const at = { cwd: dir, env: { COORD_AGENT: 'anna' } };
  const child = startCli(['watch', '--json'], at);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  child.stdout?.pause();
  for (let n = 1; n < bigs; n++) {
    const event = { id: `e${n}`, type: 'big', by: 'anna', at: new Date().toISOString(), data: 'x'.repeat(60_000) };
    queueEvent(anna.app.context, event);
  }
  await anna.book.publish('big', 'last', { now: true });
  const journal = join(dir, '.git/coord/watch');
  await waitFor(
    async () => {
      const [name = ''] = await readdir(journal);
      return (await readFile(join(journal, name), 'utf8')).split('\n').length > 10;
    },
    { what: 'it has seen them' },
  );
  child.kill('SIGINT');
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  child.stdout?.resume();
  await new Promise((resolve) => child.once('close', resolve));
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).data);
  const told = lines.slice(0, -1).map(({ seq }) => seq);
  expect(told.length).toBeLessThan(bigs);
  const { cursor } = lines.at(-1);
  const rest = await cli(['watch', '--json', '--since', cursor, '--limit', String(bigs - told.length)], at);
  const more = rest.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).data.seq);
  expect([...told, ...more.slice(1, -1)]).toEqual(Array.from({ length: bigs }, (_, n) => n + 1));
});

test('the daemon carries what was published without --now', async () => {
  await joined('anna');
  const at = { cwd: dirOf('anna'), env: { COORD_AGENT: 'anna', COORD_DAEMON: 'auto', COORD_POLL_INTERVAL: '200ms' } };
  try {
    const published = await cliJson(['events', 'publish', 'tick', '{"n":1}'], at);
    expect(published).toMatchObject({ status: 0, data: { type: 'tick', sent: false } });
    await waitFor(async () => (await chain('anna').catch(() => [])).length > 0, {
      what: 'it is there',
      deadlineMs: 20_000,
    });
    expect(await told('anna')).toEqual([[1, 'tick', { n: 1 }]]);
    const { data } = await cliJson(['events', 'list', '--by', 'anna', '--type', 't*'], at);
    expect(data.events).toMatchObject([
      { id: published.data.id, type: 'tick', by: 'anna', data: { n: 1 }, task: null },
    ]);
  } finally {
    await cli(['daemon', 'stop'], at);
  }
});

test('an agent that a sweeper has seen unchanged for a day, and that holds nothing, is taken away with its events', async () => {
  const clock = handClock();
  const [anna, ben] = await Promise.all(['anna', 'ben'].map((name) => joined(name, { clock })));
  if (!anna || !ben) throw new Error('no agents');
  await anna.book.registerAgent();
  await ben.book.claim('b', { ttlMs: 24 * 3_600_000 });
  const look = async () => (await sweep(ben.app.context, ben.book.who)).pruned;
  expect(await look()).toEqual([]);
  clock.pass(23 * 3_600_000);
  expect(await look()).toEqual([]);
  await anna.book.setStatus('error');
  clock.pass(3_600_000);
  expect(await look()).toEqual([]);
  clock.pass(24 * 3_600_000 + 1);
  const { context } = ben.app;
  expect(await pruneAgents(context, new Set(['anna', 'ben']))).toEqual([]);
  clock.pass(600_001);
  expect(await pruneAgents(context, new Set(['ben']))).toEqual(['anna']);
  const refs = await git(['for-each-ref', '--format=%(refname)', 'refs/agents/', 'refs/events/'], { cwd: bare });
  expect(refs.split('\n')).toEqual(['refs/agents/ben', 'refs/events/ben']);
  // it comes back, and its count goes on
  await anna.book.setStatus('available');
  expect(await told('anna')).toEqual([[3, 'agent.status', { from: 'error', to: 'available', task: null }]]);
});
