// Many agents, each a process in a clone of its own, drain a queue of mixed priority from an HTTP remote.
import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { claimsPerSecond, duplicates, type Event, mixed, runFleet } from '../bench/agents.ts';
import { startHttpServer } from '../bench/lighttpd.ts';
import { bundleAgent, libraryWay } from '../bench/ways.ts';
import { taskNotes } from '../helpers/book.ts';
import { makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

const full = process.env.COORD_TEST_FULL === '1';
/** Of work: agents that do nothing but claim would wait for the machine, and not for tasks. */
const [agents, tasks, workSeconds] = full ? [20, 300, 12] : [5, 30, 2];
const pollMs = 2000;
/** What a claim may not have seen yet. */
const standsMsMax = 1000;

let scratch: Scratch;
let server: Awaited<ReturnType<typeof startHttpServer>>;
afterEach(async () => {
  await server.stop();
  await scratch.remove();
});

test(`${agents} agents, ${tasks} tasks: each once, the highest priority first, without waiting`, {
  timeout: 1_200_000,
}, async () => {
  scratch = await makeScratch();
  const bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  const log = await noteAdds(bare, scratch.dir);
  server = await startHttpServer(scratch.dir, process.env);
  const all = mixed(tasks);
  // the last third comes while they work, in pieces, so that a higher priority turns up again and again
  const late = Math.floor(tasks / 3);
  const pieces = Array.from({ length: 5 }, (_, n) => ({
    after: Math.round((tasks - late) * (0.15 + 0.15 * n)),
    add: all.slice(tasks - late).filter((_task, index) => index % 5 === n),
  }));
  const { events } = await runFleet({
    folder: scratch.dir,
    env: process.env,
    url: server.url('remote.git'),
    way: libraryWay(await bundleAgent(scratch.dir)),
    agents,
    tasks: [{ after: 0, add: all.slice(0, tasks - late) }, ...pieces],
    workSeconds,
    deadlineMs: 1_100_000,
  });
  const gaps = gapsMs(events).sort((a, b) => a - b);
  const p99 = gaps[Math.ceil(gaps.length * 0.99) - 1] ?? 0;
  const stood = passedOverMs(sentMs(events), addedMs(log));
  const conflicts = events.filter(({ what }) => what === 'lost').length;
  const problems = events.filter(({ what }) => what === 'problem');
  console.log(
    `${agents} agents, ${tasks} tasks: ${claimsPerSecond(events).toFixed(1)} claims/s, ${(conflicts / tasks).toFixed(2)} conflicts per claim; ` +
      `from the end of a task to the sending of the next claim p50 ${gaps[gaps.length >> 1]} ms, p99 ${p99} ms; ` +
      `a higher priority stood for at most ${stood} ms; ${problems.length} problems`,
  );
  expect(problems.map(({ text }) => text)).toEqual([]);
  expect(duplicates(events)).toBe(0);
  for (const { id } of all) {
    const ops = (await taskNotes(bare, id)).map(({ op }) => op);
    expect([id, ...ops]).toEqual([id, 'done', 'claim', 'add']);
  }
  expect(p99).toBeLessThan(2 * pollMs);
  expect(stood).toBeLessThanOrEqual(standsMsMax);
});

/** Has the remote write down which tasks came when, once they are there. */
async function noteAdds(bare: string, folder: string): Promise<string> {
  const log = join(folder, 'adds');
  const hook = join(bare, 'hooks/post-receive');
  await writeFile(
    hook,
    `#!/bin/sh
at=$(date +%s%3N)
while read -r from to ref; do
  case $from$ref in
    *[!0]*refs/board/*) ;;
    *refs/board/*) echo "$at \${ref#refs/board/}" ;;
  esac
done >> '${log}'
`,
  );
  await chmod(hook, 0o755);
  return log;
}

function addedMs(log: string): Map<string, number> {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  return new Map(lines.map((line) => [line.split(' ')[1] ?? '', Number(line.split(' ')[0])]));
}

/** When the claim of each task was sent. */
function sentMs(events: readonly Event[]): Map<string, number> {
  const tried = new Map<string, number>();
  const sent = new Map<string, number>();
  for (const { what, agent, atMs, text } of events) {
    if (what === 'tried') tried.set(agent, atMs);
    if (what === 'took') sent.set(text, tried.get(agent) ?? Number.NaN);
  }
  return sent;
}

/** For how long at most a task had stood on the remote that nobody had claimed when one of lower priority was claimed. */
function passedOverMs(sent: ReadonlyMap<string, number>, added: ReadonlyMap<string, number>): number {
  const priorityOf = new Map(mixed(tasks).map(({ id, priority }) => [id, priority]));
  const priority = (id: string) => priorityOf.get(id) ?? Number.NaN;
  const stood = [...sent].flatMap(([id, atMs]) =>
    [...sent]
      .filter(([other, laterMs]) => priority(other) > priority(id) && laterMs > atMs)
      .map(([other]) => atMs - (added.get(other) ?? Number.NaN)),
  );
  return Math.max(0, ...stood);
}

/** From the end of each task to the sending of what its agent tried next, unless nothing was ready between. */
function gapsMs(events: readonly Event[]): number[] {
  const since = new Map<string, number>();
  const gaps: number[] = [];
  for (const { what, agent, atMs } of events) {
    const endedMs = since.get(agent);
    if (what === 'tried' && endedMs !== undefined) gaps.push(atMs - endedMs);
    if (what === 'ended') since.set(agent, atMs);
    else since.delete(agent);
  }
  return gaps;
}
