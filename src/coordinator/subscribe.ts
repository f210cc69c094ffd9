import type { EventFilter } from '../domain/event.ts';
import type { CoordError } from '../errors.ts';
import type { WatchRequest } from './watch-events.ts';

export interface SubscribeRequest extends EventFilter {
  /** Goes on after what had been told at this cursor; absent: from now on. */
  readonly since?: string | undefined;
  /** The remote can't be asked; it is tried again. Null: it could be. */
  readonly onAway?: ((error: CoordError | null) => void) | undefined;
  /** Something can't be told any more, in words. */
  readonly onGap?: ((words: string) => void) | undefined;
}

export interface Subscription {
  /** What has been told: the next subscription goes on there. */
  readonly cursor: string;
  /** Tells what is there by now, and ends. @throws what the handler threw, which ended it */
  close(): Promise<void>;
}

type Watch = (request: Omit<WatchRequest, 'pollIntervalMs'>) => Promise<string | null>;

/** Resolves once it has begun: what happens from then on is told. @throws CoordError `usage`, `unavailable` */
export async function subscribe(
  watch: Watch,
  handler: WatchRequest['onEvent'],
  { onAway, ...request }: SubscribeRequest,
): Promise<Subscription> {
  const end = new AbortController();
  let cursor: string | null = null;
  let ended: Promise<unknown> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    ended = watch({
      ...request,
      lastLook: true,
      signal: end.signal,
      onBegin: (begun) => {
        cursor = begun;
        resolve();
      },
      onEvent: async (event) => {
        await handler(event);
        cursor = event.cursor;
      },
      onAway: (error) => {
        if (cursor !== null) return onAway?.(error);
        end.abort();
        reject(error);
      },
    });
    ended.catch(reject);
  });
  return {
    get cursor() {
      return cursor ?? '';
    },
    async close() {
      end.abort();
      await ended;
    },
  };
}
