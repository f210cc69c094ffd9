import { generateSessionId } from '../config/identity.ts';
import { livingOwner } from '../config/owner.ts';
import { CoordError } from '../errors.ts';
import { borrowGitRunner } from '../transport/git-runner.ts';
import { taskBranch } from '../worker/branch-tips.ts';
import { KnownTarget } from '../worker/known-target.ts';
import type { Slot } from '../worker/run/slot.ts';
import { targetName } from '../worker/target-name.ts';
import { openBookOn } from './book-on-app.ts';
import { gatesOf } from './gates-of.ts';
import { landingPlace } from './landing-place.ts';
import { type App, openApp } from './open-app.ts';
import { worktreePlace } from './worktree-place.ts';

export interface WorkerRequest {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly agent: string | undefined;
  /** Tasks at once; default: `agents.max_concurrent_tasks`. */
  readonly max: number | undefined;
  readonly warn: (text: string) => void;
}

export interface WorkerPlaces {
  /** The clone, as the worker itself sees it. */
  readonly app: App;
  readonly slots: readonly Slot[];
  /** How often it looks for tasks, in milliseconds. */
  readonly pollIntervalMs: number;
  close(): Promise<void>;
}

/** At most one push in so long for the news of one task, where the host sets no limit. */
const newsApartMsMin = 1000;

/**
 * A worker's places, each a session of its own of one agent: what one session sends at the same time could be taken for a repeat.
 * @throws CoordError `not-found`, `config`, `bad-id`, `usage`
 */
export async function openWorker(request: WorkerRequest): Promise<WorkerPlaces> {
  const { dir, env, agent, warn } = request;
  const app = await openApp({ cwd: dir, env, agentFlag: agent, warn });
  const opened: App[] = [app];
  const returnRunner = borrowGitRunner(env);
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((one) => one.close()));
    returnRunner();
  };
  try {
    const max = request.max ?? app.config.agents.maxConcurrentTasks;
    if (!(Number.isInteger(max) && max >= 1 && max <= 1000))
      throw new CoordError('usage', `${max} tasks at once: a whole number from 1 to 1000`);
    const session = generateSessionId(Math.random);
    const { git } = worktreePlace(app, warn);
    const target = `refs/heads/${await targetName(git, app.book.remote, undefined)}`;
    const known = new KnownTarget();
    const openSlot = async (n: number): Promise<Slot> => {
      const own = { ...env, COORD_SESSION: `${session}-${n}`, COORD_AGENTS_MAX_CONCURRENT_TASKS: String(max) };
      const one = await openApp({ cwd: dir, env: own, clone: app.clone, agentFlag: app.who.agent, warn: () => {} });
      opened.push(one);
      return slotOn(one, target, known, warn);
    };
    const slots = await Promise.all(Array.from({ length: max }, (_, index) => openSlot(index + 1)));
    return { app, slots, pollIntervalMs: slots[0]?.book.pollIntervalMs ?? app.timings.pollIntervalMs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function slotOn(app: App, target: string, known: KnownTarget, warn: (text: string) => void): Slot {
  const { config, env, timings, context } = app;
  return {
    book: openBookOn(app, process.pid, warn),
    claim: { owner: livingOwner(process.pid), create: false },
    worktrees: { ...worktreePlace(app, warn), known },
    branchOf: (task) => taskBranch(config.tasks.branch, task),
    target,
    landingPlace: (dir, task, { signal, onStep }) => ({
      ...landingPlace(app, dir, task, target),
      known,
      gates: gatesOf({
        quality: config.quality,
        env,
        tell: onStep,
        tellSkipped: false,
        whileStoppable: (work) => work(signal),
      }),
    }),
    attemptsMax: config.land.attemptsMax,
    goesOnWhenLost: config.coordination.onLeaseLost === 'continue',
    newsApartMs: Math.max(newsApartMsMin, context.intervalMs(timings.ttlMs) / 4),
  };
}
