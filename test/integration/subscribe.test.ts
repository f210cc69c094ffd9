// Subscriptions of the library: how they end, and what they are refused for. The events themselves: events.test.ts.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type OpenedBook, openBook } from '../../src/index.ts';
import { errorOf, makeLocalBook } from '../helpers/book.ts';
import { makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let scratch: Scratch;
let dir: string;
let book: OpenedBook;
const warnings: string[] = [];

beforeEach(async () => {
  scratch = await makeScratch();
  dir = await makeLocalBook(join(scratch.dir, 'clone'));
  book = await openBook({ dir, agent: 'anna', onWarning: (words) => warnings.push(words) });
});
afterEach(async () => {
  await book.close();
  await scratch.remove();
  warnings.length = 0;
});

test('a handler may close its own subscription: nothing more is told, and the next goes on there', async () => {
  const told: unknown[] = [];
  const watching = await book.subscribe(async ({ data }) => {
    told.push(data);
    await watching.close();
  });
  for (const n of [1, 2]) await book.publish('tick', n);
  await waitFor(() => told.length > 0, { what: 'it is told' });
  await watching.close();
  expect(told).toEqual([1]);
  const goesOn = await book.subscribe(({ data }) => void told.push(data), { since: watching.cursor });
  await goesOn.close();
  expect(told).toEqual([1, 2]);
});

test('a handler that throws ends its subscription, and that is said', async () => {
  const fail = () => {
    throw new Error('no host');
  };
  const errors: unknown[] = [];
  const [quiet, loud] = [await book.subscribe(fail), await book.subscribe(fail, { onError: (e) => errors.push(e) })];
  await book.publish('tick');
  await waitFor(() => warnings.length > 0 && errors.length > 0, { what: 'both have ended' });
  expect(warnings).toEqual(['a subscription has ended: no host']);
  expect(errors).toEqual([new Error('no host')]);
  for (const one of [quiet, loud]) await expect(one.close()).rejects.toThrow('no host');
});

test('what a handler throws is not taken for the remote being away', async () => {
  const away: unknown[] = [];
  const since = (await book.subscribe(() => {})).cursor;
  const { CoordError } = await import('../../src/errors.ts');
  await book.publish('tick');
  const watching = await book.subscribe(
    () => {
      throw new CoordError('unavailable', 'the disk is full');
    },
    { since, onAway: (error) => away.push(error) },
  );
  await waitFor(() => warnings.length > 0, { what: 'it has ended' });
  await expect(watching.close()).rejects.toThrow('the disk is full');
  expect(away).toEqual([]);
});

test('closing the book ends its subscriptions, after all that is there was told', async () => {
  const told: unknown[] = [];
  const watching = await book.subscribe(({ data }) => void told.push(data));
  await book.publish('tick', 1);
  await book.close();
  expect(told).toEqual([1]);
  await watching.close();
  expect(warnings).toEqual([]);
});

test('without a listener the process warns of a subscription that ended', () => {
  const library = new URL('../../dist/index.js', import.meta.url).href;
  writeFileSync(
    join(scratch.dir, 'dies.mjs'),
    `import { openBook } from '${library}';
     const book = await openBook({ dir: '${dir}', agent: 'anna' });
     await book.subscribe(() => { throw new Error('no host'); });
     await book.publish('tick');
     await book.close();`,
  );
  const { status, stderr } = spawnSync(process.execPath, [join(scratch.dir, 'dies.mjs')], { encoding: 'utf8' });
  expect(stderr).toContain('Warning: a subscription has ended: no host');
  expect(status).toBe(0);
});

const circle: Record<string, unknown> = {};
circle.self = circle;

test.each<[string, (book: OpenedBook, given: never) => Promise<unknown>, unknown, string]>([
  ['publish', (one, data) => one.publish('x', data), () => 1, "the event's data is no JSON: it is a function"],
  ['publish', (one, data) => one.publish('x', data), 1n, "the event's data is no JSON"],
  ['publish', (one, data) => one.publish('x', data), circle, "the event's data is no JSON: Converting circular"],
  ['publish', (one, data) => one.publish('x', data), [Number.NaN], "the event's data is no JSON: NaN"],
  ['publish', (one, type) => one.publish(type), undefined, '"undefined" is no type to publish'],
  ['subscribe', (one, handler) => one.subscribe(handler), undefined, 'subscribe needs a function'],
  ['subscribe', (one, since) => one.subscribe(() => {}, { since }), 5, '"5" is no cursor'],
  ['subscribe', (one, since) => one.subscribe(() => {}, { since }), null, '"null" is no cursor'],
  ['subscribe', (one, types) => one.subscribe(() => {}, { types }), 'l.*', 'types of events are a list'],
  ['registerAgent', (one, capabilities) => one.registerAgent({ capabilities }), 'rust', 'capabilities are a list'],
  ['registerAgent', (one, capabilities) => one.registerAgent({ capabilities }), [5], '"5" is no capability'],
])('%s refuses what is no argument of it', async (_name, call, given, said) => {
  const error = await errorOf(call(book, given as never));
  expect(`${error?.code}: ${error?.message}`).toContain(`usage: ${said}`);
});
