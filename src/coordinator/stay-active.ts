import { CoordError } from '../errors.ts';
import type { Context } from './context.ts';

const touchMsMin = 500;
const touchMsMax = 30_000;

/**
 * Something was heard of the work on a task: its attempt's deadline (protocol 9) counts from now. Where the ledger can't be written,
 * as on a full disk, it goes on counting.
 */
export function stayActive(context: Pick<Context, 'held' | 'clock'>, id: string): void {
  const entry = context.held.get(id);
  if (entry === null || entry.state.lost === true) return;
  try {
    context.held.put({ ...entry, state: { ...entry.state, activeBootMs: context.clock.bootMs() } });
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
  }
}

/**
 * Has what `work` does count as work on the task, to its end. For work with a time limit of its own, or the deadline would be
 * none.
 */
export async function whileActive<T>(context: Context, id: string, work: () => Promise<T>): Promise<T> {
  const touch = (): void => stayActive(context, id);
  touch();
  const timeoutMs = context.held.get(id)?.state.timeoutMs || Number.POSITIVE_INFINITY;
  const timer = setInterval(touch, Math.max(touchMsMin, Math.min(touchMsMax, timeoutMs / 4)));
  try {
    return await work();
  } finally {
    clearInterval(timer);
    touch();
  }
}
