/** `git coord demo`: real processes on real repositories in a scratch folder, with nothing but the commands. */
import { CoordError } from '../errors.ts';
import { readLogs } from './demo/look.ts';
import { type Played, play } from './demo/play.ts';
import { addTasks, furnish, openScene, removeScene, type Scene } from './demo/scene.ts';
import { openScreen } from './demo/screen.ts';
import { asPlainGit, storyText } from './demo/story.ts';
import { type Tally, tally } from './demo/tally.ts';
import { tour, tourText } from './demo/tour.ts';
import { startWorkers, stopDaemons } from './demo/workers.ts';
import type { Answer, Context } from './frame/context.ts';
import type { Run } from './frame/spec.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const signalNumbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

export const run: Run = async (context, parsed) => {
  const keep = parsed.flag('keep');
  const stop = new AbortController();
  const stopOn = (signal: NodeJS.Signals) => stop.abort(signal);
  for (const signal of signals) process.on(signal, stopOn);
  context.outputClosed.addEventListener('abort', () => stop.abort('SIGHUP'), { once: true });
  const scene = await openScene(context.env);
  try {
    const act = parsed.flag('tour') ? guide : perform;
    return await act(context, abortable(scene, stop.signal), keep, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    const signal = stop.signal.reason as (typeof signals)[number];
    return { data: { stopped: true }, text: 'stopped; nothing is left of it\n', exitCode: 128 + signalNumbers[signal] };
  } finally {
    await stopDaemons(scene);
    if (!keep) await removeScene(scene);
    for (const signal of signals) process.off(signal, stopOn);
  }
};

async function perform(context: Context, scene: Scene, keep: boolean, signal: AbortSignal): Promise<Answer> {
  const screen = openScreen(context);
  screen.say('Making a bare remote, three clones and twelve tasks in a scratch folder ...');
  await furnish(scene);
  await addTasks(scene);
  screen.say('Three workers drain them. Half-way one of them is killed, and its daemon with it.');
  const workers = startWorkers(scene);
  try {
    const played = await play(scene, workers, screen, signal);
    screen.end();
    return await told(context, scene, played, keep);
  } finally {
    await workers.end();
  }
}

async function guide(context: Context, scene: Scene, keep: boolean, signal: AbortSignal): Promise<Answer> {
  const screen = openScreen(context);
  screen.say('Making a bare remote and three clones in a scratch folder ...');
  await furnish(scene);
  const toured = await tour(scene, screen, signal);
  const folder = keep ? scene.folder : null;
  return { data: { ...toured, folder }, text: tourText(toured, folder) };
}

async function told(context: Context, scene: Scene, played: Played, keep: boolean): Promise<Answer> {
  const count = tally(await readLogs(scene));
  const shown = await asPlainGit(scene, played);
  const kept = keep ? scene.folder : null;
  const { kill, takeover } = played;
  const data = {
    ...count,
    killed: kill && { worker: kill.worker, task: kill.task, term: kill.term },
    takenOverBy: takeover?.by ?? null,
    takeoverMs: takeover && Math.round(takeover.afterMs),
    durationMs: Math.round(played.durationMs),
    plainGit: shown,
    folder: kept,
  };
  const wrong = problemOf(played, count);
  const text = storyText(context, played, count, shown, kept);
  return wrong === null ? { data, text } : { data, text, failure: new CoordError('internal', wrong) };
}

function problemOf({ kill, takeover }: Played, { tasks, duplicates }: Tally): string | null {
  const left = tasks.filter(({ state }) => state !== 'done').map(({ id }) => id);
  if (left.length > 0) return `tasks were left: ${left.join(', ')}`;
  if (duplicates > 0) return `${duplicates} tasks were done twice`;
  return kill === null || takeover === null ? 'no task was taken over' : null;
}

/** No further step once the signal came. */
function abortable(scene: Scene, signal: AbortSignal): Scene {
  return {
    ...scene,
    git: async (...call) => {
      signal.throwIfAborted();
      return scene.git(...call);
    },
  };
}
