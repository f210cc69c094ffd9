// An agent that stays: takes the next task and finishes it, by the library, in the clone that it is started in.
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CoordError } from '../../src/errors.ts';
import type { RecordStore } from '../../src/store/record-store.ts';
import { closeAgents, openAgent } from '../helpers/book.ts';

const { LOG = '', STOP = '', WORK = '0', COORD_AGENT: agent = '', COORD_SESSION: session = '' } = process.env;
const say = (what: string, text = '') => appendFileSync(LOG, `${what} ${Date.now()} ${agent} ${text}\n`);
const { book, app } = await openAgent(process.cwd(), { agent, session });
let isClaiming = false;
let tries = 0;
const { store } = app.context as { store: { swap: RecordStore['swap'] } };
const { swap } = store;
store.swap = (updates, options) => {
  // agents are registered by pushes of their own
  if (isClaiming && updates.some(({ ref }) => ref.startsWith('refs/board/'))) {
    tries++;
    say('tried');
  }
  return swap(updates, options);
};

while (!existsSync(STOP)) {
  try {
    const id = await next();
    say('took', id);
    await delay(1000 * Number(WORK));
    await book.done(id);
    say('ended', id);
  } catch (error) {
    const isIdle = error instanceof CoordError && error.code === 'not-ready';
    say(isIdle ? 'idle' : 'problem', isIdle ? '' : String(error).replaceAll('\n', ' '));
    await delay(500);
  }
}
await closeAgents();

async function next(): Promise<string> {
  tries = 0;
  isClaiming = true;
  try {
    return (await book.next()).task.id;
  } finally {
    isClaiming = false;
    for (let lost = 1; lost < tries; lost++) say('lost');
  }
}
