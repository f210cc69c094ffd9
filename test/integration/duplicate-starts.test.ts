// One workload, shared in three ways: how often a task is begun that somebody has begun before.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { duplicates, mixed, runFleet, type Way } from '../bench/agents.ts';
import { startHttpServer } from '../bench/lighttpd.ts';
import { assignWay, claimFilesWay, commandWay } from '../bench/ways.ts';
import { makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

const full = process.env.COORD_TEST_FULL === '1';
const [agents, tasks] = full ? [8, 100] : [4, 12];
/** A baseline without a duplicate says nothing: it is run again with more agents. */
const agentsMax = 4 * agents;

let scratch: Scratch;
let server: Awaited<ReturnType<typeof startHttpServer>>;
afterEach(async () => {
  await server.stop();
  await scratch.remove();
});

test(`${agents} agents, ${tasks} tasks: no task is begun twice, as it is with what people do today`, {
  timeout: 1_200_000,
}, async () => {
  scratch = await makeScratch();
  server = await startHttpServer(scratch.dir, process.env);
  let among = agents;
  let baselines: number[];
  for (; ; among *= 2) {
    baselines = [await begunTwice(claimFilesWay, among), await begunTwice(assignWay, among)];
    if (Math.min(...baselines) > 0 || among >= agentsMax) break;
  }
  const ours = await begunTwice(commandWay, among);
  const [files = 0, assigned = 0] = baselines;
  console.log(
    `${among} agents, ${tasks} tasks, begun twice: ${files} with ${claimFilesWay.name}; ${assigned} with ${assignWay.name}; ` +
      `${ours} with ${commandWay.name}`,
  );
  expect(Math.min(...baselines)).toBeGreaterThan(0);
  expect(ours).toBe(0);
});

async function begunTwice(way: Way, among: number): Promise<number> {
  const name = `${way.name.replaceAll(/[^a-z]+/g, '-')}-${among}`;
  const folder = join(scratch.dir, name);
  await mkdir(folder);
  await makeBareRepo(join(scratch.dir, `${name}.git`));
  const { events } = await runFleet({
    folder,
    env: process.env,
    url: server.url(`${name}.git`),
    way,
    agents: among,
    tasks: [{ after: 0, add: mixed(tasks) }],
    workSeconds: 0.2,
    deadlineMs: 600_000,
  });
  return duplicates(events);
}
