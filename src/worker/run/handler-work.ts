import type { Json } from '../../domain/task.ts';
import type { TaskView } from '../../domain/view.ts';
import type { Attempt, Work, WorkResult } from './events.ts';

/** Does the work of a task in this process. What it throws is the reason for the failure. */
export type Handler = (
  task: TaskView,
  attempt: Pick<Attempt, 'dir' | 'term' | 'signal' | 'results'> & {
    /** Shown to everybody, and pushes the deadline on. */
    readonly progress: (text: string, percent?: number) => void;
  },
) => Promise<Json | undefined> | Json | undefined;

/** By the type of the task; `*` does all others. */
export type Handlers = Readonly<Record<string, Handler>>;

/** What doesn't heed its signal can't be ended in this process: after so long it isn't waited for. */
const deafMsMax = 10_000;

export function handlerWork(handlers: Handlers): Work {
  const run = async (attempt: Attempt): Promise<WorkResult> => {
    const { task, dir, term, signal, results } = attempt;
    // a type may be called as something that every object has
    const handler = Object.hasOwn(handlers, task.type) ? handlers[task.type] : handlers['*'];
    if (handler === undefined) return { kind: 'failed', reason: `no handler for tasks of type ${task.type}` };
    const progress = (text: string, percent?: number): void => attempt.progress(text, percent ?? null);
    const working = (async (): Promise<WorkResult> => {
      try {
        return { kind: 'succeeded', result: (await handler(task, { dir, term, signal, results, progress })) ?? null };
      } catch (error) {
        return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
      }
    })();
    return Promise.race([working, stoppedAfter(signal)]);
  };
  return { run };
}

async function stoppedAfter(signal: AbortSignal): Promise<WorkResult> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await new Promise((resolve) => setTimeout(resolve, deafMsMax).unref());
  return { kind: 'failed', reason: 'it did not stop when it was told to' };
}
