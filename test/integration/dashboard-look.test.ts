// What a look of the dashboard makes of the book, by a clock of the test's own.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBook } from '../../src/coordinator/book-view.ts';
import { readAgents } from '../../src/coordinator/read-agents.ts';
import { Looker } from '../../src/dashboard/look.ts';
import { TaskLogs } from '../../src/dashboard/task-logs.ts';
import type { RecordStore } from '../../src/store/record-store.ts';
import { closeAgents, handClock, makeLocalBook, openAgent } from '../helpers/book.ts';
import { makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

test('who died while nobody looked is offline, and its claim lapsed, at the first look: the daemon has seen it', async () => {
  const dir = await makeLocalBook(join(scratch.dir, 'shop'));
  const clock = handClock();
  const server = await openAgent(dir, { agent: 'lead', clock });
  const looker = new Looker(server.app);
  const ben = await openAgent(dir, { agent: 'ben', clock });
  await ben.book.claim('a', { ttlMs: 20_000 });
  const daemon = await openAgent(dir, { agent: 'daemon', clock });
  for (const passMs of [0, 30_000]) {
    clock.pass(passMs);
    await daemon.book.list();
    await readAgents(daemon.app.context);
    daemon.app.context.observed.save();
  }
  looker.catchUp();
  const { agents, tasks } = await looker.look(true);
  expect(agents.map(({ key, status }) => [key, status])).toEqual([['ben', 'offline']]);
  expect(tasks[0]?.claim?.lapsesMs).toBeLessThan(Date.now());
});

test('of a log that went on by several steps between two looks only those are read', async () => {
  const dir = await makeLocalBook(join(scratch.dir, 'shop'));
  const { app, book } = await openAgent(dir, { agent: 'ben' });
  const { context, who } = app;
  const logs = new TaskLogs();
  let read: number[] = [];
  const newer: RecordStore['newer'] = async (kind, tip, isKnown, max) => {
    const found = await context.store.newer(kind, tip, isKnown, max);
    read.push(found.entries.length);
    return found;
  };
  const work = async (times: number) => {
    for (let time = 0; time < times; time++) {
      await book.claim('a');
      await book.release('a');
    }
    read = [];
    await logs.read({ ...context, store: { ...context.store, newer } }, await readBook(context, who));
    return { read, tenures: logs.tenures.length };
  };
  const first = await work(5);
  expect(first.tenures).toBe(5);
  expect(await work(1)).toEqual({ read: [2], tenures: 6 });
  expect(await work(3)).toEqual({ read: [6], tenures: 9 });
});
