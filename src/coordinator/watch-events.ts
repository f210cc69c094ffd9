import { type EventFilter, isWanted, type ShownEvent } from '../domain/event.ts';
import { CoordError } from '../errors.ts';
import type { CursorJournal, CursorStream, Told } from '../store/cursor-journal.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Context } from './context.ts';
import { eventTips, type NewEvents, newEvents } from './new-events.ts';

/** An event and where the stream stands once it was told. */
export interface StreamedEvent extends ShownEvent {
  cursor: string;
}

/** What watching needs of the clone. */
export interface WatchSources {
  readonly journal: CursorJournal;
  /** The book as this clone last saw it, its own writes among it: without asking the remote. */
  readonly shown: () => Promise<RecordStore>;
  /** Until something changed in this clone, or time has passed. */
  readonly pause: (ms: number) => Promise<'changed' | 'passed'>;
}

/** The same, opened for one who watches. */
export interface OpenWatch extends WatchSources {
  /** Ends a pause. */
  readonly wake: () => void;
  readonly close: () => void;
}

export interface WatchRequest extends EventFilter {
  /** Goes on after what had been told at this cursor; absent: from now on. */
  readonly since?: string | undefined;
  /** The next event is told when this one was taken. */
  readonly onEvent: (event: StreamedEvent) => void | Promise<void>;
  /** It has begun: from here on nothing is missed. */
  readonly onBegin?: ((cursor: string) => void) | undefined;
  /** The book can't be asked, and once it can again: null. */
  readonly onAway?: ((error: CoordError | null) => void) | undefined;
  /** Something can't be told any more, in words. */
  readonly onGap?: ((words: string) => void) | undefined;
  /** Ends it, with `lastLook` after all has been told that is there by then. */
  readonly signal: AbortSignal;
  readonly lastLook?: (() => boolean) | undefined;
  readonly pollIntervalMs: number;
}

/**
 * Tells every step of every task, and every event of every agent, once: each log's in its own order, and none is left out
 * from one cursor to the next, whoever else looks, writes or ends meanwhile. A look asks the remote every poll interval, and
 * what this clone shows as soon as something changed here. With the remote away it goes on trying. Answers the last cursor.
 * @throws CoordError `usage` (a cursor that isn't known)
 */
export async function watchEvents(
  context: Context,
  sources: WatchSources,
  request: WatchRequest,
): Promise<string | null> {
  const { signal, pollIntervalMs } = request;
  let watching = request.since === undefined ? null : begin(sources, request, sources.journal.find(request.since));
  let isAway = false;
  let askAtMs = Number.NEGATIVE_INFINITY;
  const attempt = async (readStore: () => RecordStore | Promise<RecordStore>): Promise<void> => {
    let news: News | null = null;
    try {
      const store = await readStore();
      if (watching === null) watching = begin(sources, request, { refs: await eventTips(store), gone: new Map() });
      else news = await lookForNew(store, watching);
    } catch (error) {
      if (!(error instanceof CoordError) || error.code !== 'unavailable') throw error;
      if (!isAway) request.onAway?.(error);
      isAway = true;
      return;
    }
    if (isAway) request.onAway?.(null);
    isAway = false;
    // what a handler throws is no word of the remote's
    if (news !== null && watching !== null) await tell(news, watching, request);
  };
  while (!signal.aborted) {
    askAtMs = context.clock.monoMs() + pollIntervalMs * (0.75 + context.random() / 4);
    await attempt(() => context.store);
    while (!signal.aborted && (await sources.pause(askAtMs - context.clock.monoMs())) === 'changed') {
      // what is shown is no proof that the remote is back
      if (watching !== null && !isAway) await attempt(sources.shown);
    }
  }
  if (request.lastLook?.() && watching !== null && !isAway) await attempt(() => context.store);
  return watching === null ? null : (watching as Watching).stream.cursor;
}

interface Watching {
  readonly told: Told;
  readonly stream: CursorStream;
}

function begin({ journal }: WatchSources, { onBegin }: WatchRequest, told: Told): Watching {
  const stream = journal.begin(told);
  onBegin?.(stream.cursor);
  return { told, stream };
}

interface News extends NewEvents {
  /** For each step. */
  readonly cursors: readonly string[];
}

async function lookForNew(store: RecordStore, { told, stream }: Watching): Promise<News> {
  const news = await newEvents(store, told);
  return { ...news, cursors: news.steps.length === 0 ? [] : stream.append(news.steps, told) };
}

async function tell({ steps, gone, gaps, cursors }: News, { told }: Watching, request: WatchRequest): Promise<void> {
  for (const words of gaps) request.onGap?.(words);
  for (const [index, { ref, oid, event }] of steps.entries()) {
    told.gone.delete(ref);
    told.refs.set(ref, oid);
    if (event !== null && isWanted(event, request)) await request.onEvent({ cursor: cursors[index] ?? '', ...event });
  }
  for (const ref of gone) leave(told, ref);
}

const goneMax = 2000;

/** A task that was archived is no event; its log is where `log` finds it. */
function leave(told: Told, ref: string): void {
  told.gone.set(ref, told.refs.get(ref) ?? '');
  told.refs.delete(ref);
  for (const oldest of told.gone.keys()) {
    if (told.gone.size <= goneMax) break;
    told.gone.delete(oldest);
  }
}
