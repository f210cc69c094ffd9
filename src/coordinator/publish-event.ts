import { eventLimits, typeProblem } from '../domain/event.ts';
import type { Who } from '../domain/seen.ts';
import type { Json } from '../domain/task.ts';
import { CoordError } from '../errors.ts';
import { nestingMax, nestingOf } from '../store/commit-codec.ts';
import { type Context, decisionsMax } from './context.ts';
import { hasQueued, queueEvent } from './event-chains.ts';
import { renewClaims } from './renew-claims.ts';

export interface Published {
  readonly id: string;
  readonly type: string;
  readonly by: string;
  readonly at: string;
  readonly data: Json;
  /** False: it waits in this clone, and goes with the next push. */
  readonly sent: boolean;
}

/**
 * Adds an event of one's own to the agent's chain (protocol 2, 3): with the next push that carries the agent's record, or at once.
 * @throws CoordError `usage`, `not-ready` (too many wait), `unavailable` (it waits, and goes with the next push)
 */
export async function publishEvent(
  context: Context,
  who: Who,
  { type, data: given, now }: { readonly type: string; readonly data: Json; readonly now: boolean },
): Promise<Published> {
  const data = checkedEvent(type, given);
  const event = { id: context.nonce(), type, by: who.agent, at: context.clock.wall(), data };
  if (!queueEvent(context, event))
    throw new CoordError('not-ready', `${eventLimits.queued} events wait to be pushed already`, {
      hint: 'They go when the remote is back and takes them.',
      next: ['git coord doctor'],
    });
  if (now) await sendQueued(context, who);
  return { ...event, sent: !context.outbox.all().some(({ id }) => id === event.id) };
}

/** The data as it will be read. Programs may hand over anything. */
function checkedEvent(type: unknown, data: unknown): Json {
  const problem = typeof type === 'string' ? typeProblem(type) : 'a type is a text';
  if (problem !== null)
    throw new CoordError('usage', `${JSON.stringify(String(type).slice(0, 80))} is no type to publish: ${problem}`, {
      next: [`git coord events publish deploy.done '{"host":"a"}'`],
    });
  const text = jsonText(data);
  const bytes = Buffer.byteLength(text);
  if (bytes > eventLimits.dataBytes)
    throw new CoordError('usage', `the event's data has ${bytes} bytes; at most ${eventLimits.dataBytes} fit`, {
      hint: 'Keep large texts in files of the repository and name them in the event.',
    });
  if (nestingOf(text) > nestingMax - 2)
    throw new CoordError('usage', `the event's data nests more than ${nestingMax - 2} levels`);
  return JSON.parse(text) as Json;
}

function jsonText(data: unknown): string {
  const noJson = (why: string) => new CoordError('usage', `the event's data is no JSON: ${why}`);
  let text: string | undefined;
  try {
    text = JSON.stringify(data, (_key, value: unknown) => {
      // it would become null without a word
      if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${value} is no number there`);
      return value;
    });
  } catch (error) {
    // of a circle, the first line says it
    throw noJson((error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '');
  }
  if (text === undefined) throw noJson(`it is a ${typeof data}`);
  return text;
}

async function sendQueued(context: Context, who: Who): Promise<void> {
  const isLeft = () => context.outbox.all().some(({ by }) => by === who.agent);
  const triesMax = decisionsMax + context.outbox.all().length;
  try {
    for (let tries = 0; tries < triesMax && isLeft(); tries++) {
      const before = context.outbox.all().length;
      await renewClaims(context, []);
      if (context.outbox.all().length >= before && isLeft())
        await context.clock.sleep(50 * (Math.min(tries, decisionsMax) + 1) * (0.5 + context.random()));
    }
  } catch (error) {
    if (!(error instanceof CoordError) || error.code !== 'unavailable') throw error;
    throw unsent(error.message);
  }
  if (isLeft() && hasQueued(context)) throw unsent('the remote does not take it');
}

const unsent = (why: string): CoordError =>
  new CoordError('unavailable', `the event was not sent: ${why}`, {
    hint: 'It waits in this clone and goes with the next push: publish it no second time.',
    next: ['git coord doctor'],
  });
