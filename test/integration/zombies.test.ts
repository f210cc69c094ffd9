// An agent that was asleep while its task was taken over must not land: it is stopped with its daemon at any moment of its
// landing, another one takes the task, and it goes on. Whatever landed was landed under the claim that the task's log says.
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { startCli } from '../helpers/cli.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { git } from '../helpers/repo.ts';
import { whyNot } from '../helpers/servers.ts';
import { waitFor } from '../helpers/wait-for.ts';

const full = process.env.COORD_TEST_FULL === '1';
const rounds = { path: full ? 200 : 8, http: full ? 200 : 8, ssh: full ? 200 : 4 } as const;
const side = full ? 3 : 2;

let project: Project;
afterEach(() => project?.close());

describe.each(['path', 'http', 'ssh'] as const)('%s', (kind) => {
  const missing = whyNot(kind);
  if (missing !== null) console.log(`SKIP zombies over ${kind}: ${missing}`);
  test.skipIf(missing !== null)(`${rounds[kind]} zombies land nothing`, { timeout: 3_600_000 }, async () => {
    project = await makeProject(kind);
    const pairs = await Promise.all(
      Array.from({ length: side }, async (_, n) => [
        await project.agent(`zombie-${n}`),
        await project.agent(`other-${n}`),
      ]),
    );
    const tally = { landed: 0, refused: 0 };
    try {
      await Promise.all(
        pairs.map(async ([zombie, other], n) => {
          for (let round = n; round < rounds[kind]; round += side) {
            const outcome = await oneZombie(zombie as Agent, other as Agent, `t-${round}`);
            tally[outcome]++;
          }
        }),
      );
    } finally {
      for (const agent of pairs.flat()) await agent.run('daemon', 'stop');
    }
    console.log(`${kind}: ${tally.refused} refused, ${tally.landed} landed before they were stopped`);
    expect(tally.refused).toBeGreaterThan(0);
  });
});

async function oneZombie(zombie: Agent, other: Agent, id: string): Promise<'landed' | 'refused'> {
  const daemon = { ...zombie.env, COORD_DAEMON: 'auto' };
  const claimed = await end(startCli(['claim', id, '--ttl', '1s'], { cwd: zombie.dir, env: daemon }));
  expect(claimed.status, claimed.said).toBe(0);
  await zombie.git('checkout', '--quiet', '--detach', 'origin/main');
  await zombie.work(id, id, 'by the zombie');
  // one that came up only later would go on beating for the zombie
  const daemonIs = await waitFor(() => daemonPid(zombie), { what: 'the daemon runs' });
  const stopAfterMs = Math.random() * 700;
  const landing = startCli(['land', id], { cwd: zombie.dir, env: daemon });
  const landed = end(landing);
  await new Promise((resolve) => setTimeout(resolve, stopAfterMs));
  const asleep = familyOf([landing.pid ?? 0, daemonIs]);
  signal(asleep, 'SIGSTOP');
  const taken = await other.run('claim', id, '--wait', '30s', '--ttl', '1h');
  signal(asleep, 'SIGCONT');
  const { status, said } = await landed;
  const what = `stopped after ${stopAfterMs.toFixed(0)} ms: ${said}`;
  const log = (await other.run('log', id)).data.entries as { op: string; by: string; term: number }[];
  const onMain = await isOnMain(id);
  const doneByZombie = log.some(({ op, by }) => op === 'done' && by === zombie.env.COORD_AGENT);
  expect(onMain, what).toBe(doneByZombie);
  if (taken.status === 0) {
    // it was taken over: nothing of the zombie may be there, whatever it thinks
    expect(
      log.filter(({ op }) => op === 'done'),
      what,
    ).toEqual([]);
    expect(status, what).toBe(5);
    expect(await zombie.git('show', `refs/heads/task/${id}:${id}`)).toBe('by the zombie');
    await other.run('release', id);
    return 'refused';
  }
  // by path the server's process was stopped as well, and may have had its locks
  expect([6, 7], `${what}, ${taken.stderr}`).toContain(taken.status);
  if (taken.status === 6) expect(taken.error?.message).toContain('is locked by');
  expect(status, what).toBe(0);
  return 'landed';
}

async function isOnMain(id: string): Promise<boolean> {
  const files = await git(['ls-tree', '--name-only', 'refs/heads/main'], { cwd: project.home });
  return files.split('\n').includes(id);
}

async function end(child: ChildProcess): Promise<{ status: number | null; said: string }> {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += text));
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, said };
}

async function daemonPid(agent: Agent): Promise<number | null> {
  return (await agent.run('daemon', 'status')).data.pid;
}

/** These processes and all that they have started: git's, too, that are groups of their own. */
function familyOf(pids: readonly number[]): number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(name)] as const),
  );
  const family = new Set(pids.filter((pid) => pid > 0));
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, parent] of parents) if (family.has(parent) && !family.has(pid)) grown = Boolean(family.add(pid));
  }
  return [...family];
}

function parentOf(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
  } catch {
    return 0;
  }
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // it has ended
    }
  }
}
