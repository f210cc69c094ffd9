import type { Context } from './context.ts';

const touchMsMin = 500;
const touchMsMax = 30_000;

/**
 * Has what `work` does count as work on the task: its attempt's deadline (protocol 9) counts from the end of it. For work with a
 * time limit of its own, or the deadline would be none.
 */
export async function whileActive<T>(context: Context, id: string, work: () => Promise<T>): Promise<T> {
  const touch = (): void => {
    const entry = context.held.get(id);
    if (entry !== null) context.held.put({ ...entry, state: { ...entry.state, activeBootMs: context.clock.bootMs() } });
  };
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
