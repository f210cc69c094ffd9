/** A queue that many agents drain over HTTP: claims per second and conflicts per claim, beside the naive loop. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeBareRepo } from '../helpers/repo.ts';
import { claimsPerSecond, mixed, runFleet, type Way } from './agents.ts';
import type { Place } from './code.ts';
import type { Row } from './measure.ts';
import { bundleAgent, libraryWay, naiveWay } from './ways.ts';

const [agents, tasks] = [8, 80];

export async function benchDrain(place: Place): Promise<Row[]> {
  const rows: Row[] = [];
  for (const way of [libraryWay(await bundleAgent(place.folder)), naiveWay])
    rows.push(await drained(place, way, `drain-${rows.length}`));
  return rows;
}

async function drained({ folder: parent, env, url }: Place, way: Way, name: string): Promise<Row> {
  const folder = join(parent, name);
  mkdirSync(folder);
  await makeBareRepo(join(parent, `${name}.git`));
  const { events } = await runFleet({
    folder,
    env,
    url: url(`${name}.git`),
    way,
    agents,
    tasks: [{ after: 0, add: mixed(tasks) }],
    workSeconds: 0.2,
    deadlineMs: 600_000,
  });
  const perSecond = claimsPerSecond(events);
  const conflicts = events.filter(({ what }) => what === 'lost').length / tasks;
  const what = `${agents} agents drain ${tasks} tasks by ${way.name}: ${perSecond.toFixed(1)} claims/s, ${conflicts.toFixed(2)} conflicts per claim`;
  return { what, ms: 1000 / perSecond, bound: '' };
}
