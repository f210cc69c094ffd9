import { CoordError } from '../errors.ts';
import type { EventFilter } from './event.ts';
import { isId, parseId } from './ids.ts';

/**
 * A filter as people and programs give it: capitals are folded, and what no event can have is refused, since who waits for it
 * would wait for ever.
 * @throws CoordError `usage`, `bad-id`
 */
export function eventFilter({ types, task, agent }: EventFilter): EventFilter {
  if (types !== undefined && !Array.isArray(types))
    throw new CoordError('usage', "types of events are a list, as ['task.*']");
  return {
    types: types?.map(eventType),
    task: task === undefined ? undefined : parseId(word(task)),
    agent: agent === undefined ? undefined : parseId(word(agent), 'name of an agent'),
  };
}

function eventType(given: string): string {
  const type = word(given).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (isId(type) || /^([a-z0-9][a-z0-9._-]{0,63})?\*$/.test(type)) return type;
  throw new CoordError('usage', `no event has the type ${JSON.stringify(type.slice(0, 80))}`, {
    hint: 'A type as task.done, or the beginning of some as task.*.',
  });
}

/** Programs may hand over anything. */
function word(given: unknown): string {
  if (typeof given === 'string') return given;
  throw new CoordError('usage', `events are chosen by words, not by ${given === null ? 'null' : typeof given}`);
}
