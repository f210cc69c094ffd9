// What a look of the dashboard makes of the book, by a clock of the test's own.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readAgents } from '../../src/coordinator/read-agents.ts';
import { Looker } from '../../src/dashboard/look.ts';
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
