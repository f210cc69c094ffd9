// What waits to be pushed is mentioned, what is listed can be gone on from, and filters and input are what they say.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinBook, makeBook } from '../helpers/book.ts';
import { cli, cliJson } from '../helpers/cli.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let scratch: Scratch;
let bare: string;
let dir: string;
const at = (agent = 'anna') => ({ cwd: dir, env: { COORD_AGENT: agent } });

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  dir = await joinBook(bare, join(scratch.dir, 'anna'), await makeBook(bare, bare));
});
afterEach(async () => {
  await cli(['daemon', 'stop'], at());
  await scratch.remove();
});

async function eventsCheck() {
  const { data } = await cliJson(['doctor'], at());
  return data.checks.find(({ id }: { id: string }) => id === 'events');
}

test('an event that waits is mentioned, and the command that is named has it pushed', async () => {
  expect(await eventsCheck()).toMatchObject({ ok: true, detail: 'none waits to be pushed' });
  await rename(bare, `${bare}.away`);
  expect((await cliJson(['events', 'publish', 'tick', '--now'], at())).error?.code).toBe('unavailable');
  await rename(`${bare}.away`, bare);
  expect((await cliJson(['status'], at())).data).toMatchObject({ eventsWaiting: 1 });
  expect((await cli(['status'], at())).stdout).toContain(
    'events   1 event waits to be pushed: git coord daemon start\n',
  );
  expect(await eventsCheck()).toMatchObject({
    id: 'events',
    ok: false,
    detail: '1 event waits to be pushed',
    fix: 'git coord daemon start',
  });
  await cli(['daemon', 'start'], at());
  await waitFor(() => git(['rev-parse', '-q', '--verify', 'refs/events/anna'], { cwd: bare }).catch(() => ''), {
    what: 'the daemon has pushed it',
  });
});

test('what lies in the outbox and is no event is mentioned', async () => {
  await mkdir(join(dir, '.git/coord/outbox'), { recursive: true });
  await writeFile(join(dir, '.git/coord/outbox/x'), '{');
  expect(await eventsCheck()).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^1 of the events in .*outbox can't/),
  });
});

test('a look has a cursor to go on from, also where there is no event', async () => {
  const { data } = await cliJson(['events', 'list'], at());
  expect(data).toMatchObject({ events: [] });
  await cli(['events', 'publish', 'tick', '1', '--now'], at());
  const told = await cli(['watch', '--since', data.cursor, '--limit', '1', '--quiet'], at());
  expect(told.stdout).toContain('tick by anna 1');
});

test('list is filtered by --by and, after it, by --agent: before the command that is who asks', async () => {
  for (const agent of ['anna', 'ben']) await cli(['events', 'publish', 'tick', '--now'], at(agent));
  const by = async (...args: string[]) =>
    (await cliJson(args, at())).data.events.map((event: { by: string }) => event.by);
  expect(await by('events', 'list', '--agent', 'ben')).toEqual(['ben']);
  expect(await by('events', 'list', '--by', 'BEN')).toEqual(['ben']);
  expect(await by('--agent', 'ben', 'events', 'list')).toEqual(['anna', 'ben']);
});

test('a note is shown in the words of the log', async () => {
  await cli(['add', 'a', '--id', 'a'], at());
  await cli(['note', 'a', 'n1'], at());
  const { data } = await cliJson(['events', 'list'], at());
  await cli(['note', 'a', 'n2'], at());
  const { stdout } = await cli(['watch', '--since', data.cursor, '--limit', '1', '--quiet'], at());
  expect(stdout).toMatch(/task\.edit a by anna note: n2\n$/);
});

test('an empty capability, and a file that is no UTF-8, are refused', async () => {
  const refused = async (...args: string[]) => (await cliJson(args, at())).error?.message;
  expect(await refused('agent', 'register', '--capability', '')).toBe('--capability names no capability');
  await writeFile(join(dir, 'data'), Buffer.from('"\xff"', 'latin1'));
  expect(await refused('events', 'publish', 'x', '@data')).toContain('data is no UTF-8');
});
