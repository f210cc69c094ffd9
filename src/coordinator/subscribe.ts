import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventFilter } from '../domain/event.ts';
import { CoordError } from '../errors.ts';
import type { WatchRequest } from './watch-events.ts';

export interface SubscribeRequest extends EventFilter {
  /** Goes on after what had been told at this cursor; absent: from now on. */
  readonly since?: string | undefined;
  /** The remote can't be asked; it is tried again. Null: it could be. */
  readonly onAway?: ((error: CoordError | null) => void) | undefined;
  /** Something can't be told any more, in words. */
  readonly onGap?: ((words: string) => void) | undefined;
  /** It has ended by itself, of what the handler threw or since the book can't be read. Default: a warning of the process. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface Subscription {
  /** What has been told: the next subscription goes on there. */
  readonly cursor: string;
  /**
   * Tells what is there by now, and ends. Called by its own handler it ends with the event that is being told, and isn't
   * waited for. @throws what ended it before
   */
  close(): Promise<void>;
}

type Watch = (request: Omit<WatchRequest, 'pollIntervalMs'>) => Promise<string | null>;

/** Whose handler is at work: it can't wait for the end of its own subscription. */
const telling = new AsyncLocalStorage<AbortController>();

/**
 * Resolves once it has begun: what happens from then on is told.
 * @param open what is subscribed to by this book @throws CoordError `usage`, `unavailable`
 */
export async function subscribe(
  watch: Watch,
  handler: WatchRequest['onEvent'],
  { onAway, onError = warnOfEnd, ...request }: SubscribeRequest,
  open: Set<Subscription>,
): Promise<Subscription> {
  if (typeof handler !== 'function') throw new CoordError('usage', 'subscribe needs a function that gets the events');
  const end = new AbortController();
  let cursor: string | null = null;
  let isOver = false;
  let ended: Promise<unknown> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    ended = watch({
      ...request,
      lastLook: () => !isOver,
      signal: end.signal,
      onBegin: (begun) => {
        cursor = begun;
        resolve();
      },
      onEvent: async (event) => {
        if (isOver) return;
        await telling.run(end, () => handler(event));
        cursor = event.cursor;
      },
      onAway: (error) => {
        if (cursor !== null) return onAway?.(error);
        end.abort();
        reject(error);
      },
    });
    ended.catch((error: unknown) => (cursor === null ? reject(error) : onError(error)));
  });
  const subscription: Subscription = {
    get cursor() {
      return cursor ?? '';
    },
    async close() {
      isOver ||= telling.getStore() === end;
      end.abort();
      if (telling.getStore() !== end) await ended;
    },
  };
  open.add(subscription);
  const left = () => open.delete(subscription);
  ended.then(left, left);
  return subscription;
}

/** That a subscription has ended, in words. */
export const endOf = (error: unknown): string =>
  `a subscription has ended: ${error instanceof Error ? error.message : String(error)}`;

const warnOfEnd = (error: unknown): void => process.emitWarning(endOf(error));
