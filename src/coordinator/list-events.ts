import { type EventFilter, inOneOrder, isEventOf, isWanted, type ShownEvent, shownEvent } from '../domain/event.ts';
import type { CursorJournal } from '../store/cursor-journal.ts';
import type { Context } from './context.ts';
import { eventTips } from './new-events.ts';
import { kinds } from './record-kinds.ts';
import type { StreamedEvent } from './watch-events.ts';

export interface ListedEvents {
  readonly events: readonly StreamedEvent[];
  /** Of the look: `watch` goes on from there. */
  readonly cursor: string;
}

export interface ListRequest extends EventFilter {
  /** The newest so many. */
  readonly limit?: number | undefined;
}

const listedMax = 100;
const readMax = 1000;

/**
 * What agents have told, oldest first. Each has the same cursor, that of the look.
 * @throws CoordError `unavailable`
 */
export async function listEvents(
  { store }: Context,
  journal: CursorJournal,
  { limit = listedMax, ...filter }: ListRequest,
): Promise<ListedEvents> {
  const tips = await eventTips(store);
  const chains: ShownEvent[][] = [];
  for (const [ref, tip] of tips) {
    const place = store.layout.parse(ref);
    if (place?.space !== 'events') continue;
    const chain = await store.history(kinds.event, tip, readMax);
    const own = chain.flatMap((one) => (one.ok && isEventOf(one.note, place.name) ? [one.note] : []));
    chains.push(
      own
        .map(shownEvent)
        .filter((event) => isWanted(event, filter))
        .reverse(),
    );
  }
  const events = inOneOrder(chains).slice(-limit);
  const cursor = journal.mark({ refs: tips, gone: new Map() });
  return { events: events.map((event) => ({ cursor, ...event })), cursor };
}
