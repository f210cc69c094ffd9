import type { Filter } from './coordinator/filter.ts';
import type { WorkerEvent } from './worker/run/events.ts';
import type { Handlers } from './worker/run/handler-work.ts';
import type { RunReport } from './worker/run/run-loop.ts';

export interface WorkerOptions {
  /** A folder of the clone. */
  readonly dir: string;
  /** What does the tasks of each type; `*`: all others. Without `*` no others are taken. */
  readonly handlers: Handlers;
  /** Default: as the command line finds it. */
  readonly agent?: string;
  /** Tasks at once; default: `agents.max_concurrent_tasks`. */
  readonly max?: number;
  /** End when nothing unfinished is left that it can do; default: wait for more. */
  readonly drain?: boolean;
  /** Work goes to review on the task's own branch instead of onto the target. */
  readonly viaBranch?: boolean;
  readonly filter?: Pick<Filter, 'type' | 'label' | 'workflow'>;
  /** The environment for git; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly onEvent?: (event: WorkerEvent) => void;
  /** Gets what people should know and nothing fails for; default: nobody. */
  readonly onWarning?: (words: string) => void;
}

export interface Worker {
  /** Works until it is told to end or, with `drain`, until nothing is left. @throws CoordError as `openBook` */
  run(): Promise<RunReport>;
  /** Takes nothing new; what is in work goes on. */
  finish(): void;
  /** Stops what is in work and gives it back. */
  stop(): void;
}

/** A worker as `git coord run` is one, with functions in place of a command: each gets the task and a worktree of its own. */
export function createWorker(options: WorkerOptions): Worker {
  const [finish, stop] = [new AbortController(), new AbortController()];
  return {
    finish: () => finish.abort(),
    stop: () => stop.abort(),
    run: () => work(options, finish.signal, stop.signal),
  };
}

async function work(options: WorkerOptions, finish: AbortSignal, stop: AbortSignal): Promise<RunReport> {
  const { dir, handlers, agent, max, drain = false, viaBranch = false, env = process.env } = options;
  const [{ openWorker }, { handlerWork }, { runWorker }] = await Promise.all([
    import('./app/worker-slots.ts'),
    import('./worker/run/handler-work.ts'),
    import('./worker/run/run-loop.ts'),
  ]);
  const worker = await openWorker({ dir, env, agent, max, warn: options.onWarning ?? (() => {}) });
  try {
    return await runWorker({
      slots: worker.slots,
      work: handlerWork(handlers),
      filter: { ...options.filter, type: typesOf(handlers, options.filter?.type) },
      viaBranch,
      drain,
      pollIntervalMs: worker.pollIntervalMs,
      finish,
      stop,
      onEvent: options.onEvent ?? (() => {}),
    });
  } finally {
    await worker.close();
  }
}

function typesOf(handlers: Handlers, wanted: readonly string[] | undefined): readonly string[] | undefined {
  if ('*' in handlers) return wanted;
  const able = Object.keys(handlers);
  return wanted === undefined ? able : able.filter((type) => wanted.includes(type));
}
