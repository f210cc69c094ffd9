/** The run itself: workers drain the tasks, one is killed half-way, and its task is picked up by another. */
import { setTimeout as delay } from 'node:timers/promises';
import { CoordError } from '../../errors.ts';
import { claimOf, countDone, type Look, lookAtRemote } from './look.ts';
import { plan, workerNames } from './plan.ts';
import type { Scene } from './scene.ts';
import { type Screen, seconds } from './screen.ts';
import { daemonPid, type Workers } from './workers.ts';

export interface Kill {
  readonly worker: string;
  readonly task: string;
  readonly term: number;
  readonly percent: number;
  readonly atMs: number;
  /** The claim on the remote, as it was left. */
  readonly claimLog: string;
}

export interface Played {
  readonly durationMs: number;
  readonly kill: Kill | null;
  /** Who took the dead worker's task over, and how long after the kill the remote showed it. */
  readonly takeover: { readonly by: string; readonly afterMs: number; readonly term: number } | null;
}

const lookEveryMs = 200;
const runMsMax = 180_000;
/** So many tasks are done before the kill, and the claim is half-way. */
const doneBeforeKill = 5;
const percentAtKill = 50;

/** @throws CoordError `internal` when it takes too long or the workers give up; the signal's reason when it is aborted */
export async function play(scene: Scene, workers: Workers, screen: Screen, signal: AbortSignal): Promise<Played> {
  const startMs = performance.now();
  let kill: Kill | null = null;
  let daemons: ReadonlyMap<string, number> = new Map();
  let takeover: Played['takeover'] = null;
  for (;;) {
    const look = await lookAtRemote(scene);
    const nowMs = performance.now();
    // asked early: the kill can't wait for the answer
    if (kill === null && countDone(look) > 0 && daemons.size < workerNames.length) daemons = await daemonPids(scene);
    kill ??= await killHalfWay(scene, workers, look, daemons);
    takeover ??= takenOver(look, kill, nowMs);
    const killed = kill && { worker: kill.worker, sinceMs: Math.max(0, nowMs - kill.atMs) };
    screen.show({ look, sinceStartMs: nowMs - startMs, killed, words: wordsFor(kill, takeover) });
    const durationMs = nowMs - startMs;
    if (countDone(look) === plan.length) return { durationMs, kill, takeover };
    if (durationMs > runMsMax) throw new CoordError('internal', `the demo was not done after ${seconds(runMsMax)}`);
    if (workers.running() === 0) throw new CoordError('internal', 'the workers ended before the tasks were done');
    await delay(lookEveryMs, undefined, { signal });
  }
}

async function daemonPids(scene: Scene): Promise<ReadonlyMap<string, number>> {
  const found = await Promise.all(workerNames.map(async (name) => ({ name, pid: await daemonPid(scene, name) })));
  return new Map(found.flatMap(({ name, pid }) => (pid === null ? [] : [[name, pid] as const])));
}

/** Whoever is half-way with a task then, and whose daemon is known: which worker has none, and waits, is chance. */
async function killHalfWay(
  scene: Scene,
  workers: Workers,
  look: Look,
  daemons: ReadonlyMap<string, number>,
): Promise<Kill | null> {
  if (countDone(look) < doneBeforeKill) return null;
  const victim = workerNames.find(
    (name) => daemons.has(name) && claimOf(look, name)?.progress?.percent === percentAtKill,
  );
  const claim = victim && claimOf(look, victim);
  if (victim === undefined || claim === undefined) return null;
  workers.kill(victim, daemons.get(victim) ?? null);
  const atMs = performance.now();
  const { task, term } = claim;
  const percent = percentAtKill;
  const claimLog = await scene.git(scene.remote, ['log', '--oneline', `refs/claims/${task}`]).catch(() => '');
  return { worker: victim, task, term, percent, atMs, claimLog };
}

function takenOver({ tasks }: Look, kill: Kill | null, nowMs: number): Played['takeover'] {
  const task = kill && tasks.get(kill.task);
  if (!kill || !task?.holder || task.term <= kill.term || task.holder.agent === kill.worker) return null;
  return { by: task.holder.agent, afterMs: nowMs - kill.atMs, term: task.term };
}

function wordsFor(kill: Kill | null, takeover: Played['takeover']): string {
  if (kill === null) return '';
  if (takeover !== null)
    return `${takeover.by} took over ${kill.task} ${seconds(takeover.afterMs)} after the kill, and goes on from its branch`;
  return `${kill.worker} and its daemon were killed; its lease on ${kill.task} has to run out first, which takes up to 24 s`;
}
