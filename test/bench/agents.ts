/** Agents that take tasks and finish them, each a process of its own in a clone of its own, and what they say of it. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { git, makeClone } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** One way of sharing tasks. */
export interface Way {
  readonly name: string;
  /**
   * An agent as a shell script that goes on until `$STOP` exists, says what happens in `$LOG`, and lets a task take `$WORK`
   * seconds; see `shellAgent`.
   */
  readonly agent: string;
  /** Puts tasks where agents find them; `dir`: a clone. */
  readonly add: (dir: string, env: NodeJS.ProcessEnv, tasks: readonly Entry[]) => Promise<unknown>;
  /** Once in each clone, before and after. */
  readonly join?: (dir: string, env: NodeJS.ProcessEnv) => Promise<unknown>;
  readonly leave?: (dir: string, env: NodeJS.ProcessEnv) => Promise<unknown>;
}

export interface Entry {
  readonly id: string;
  readonly priority: number;
}

export interface Event {
  /** `tried`: is about to send a claim; `lost`: somebody else was faster. */
  readonly what: 'tried' | 'took' | 'ended' | 'lost' | 'idle' | 'problem';
  readonly atMs: number;
  readonly agent: string;
  /** The task, or what the problem was. */
  readonly text: string;
}

export interface Fleet {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly url: string;
  readonly way: Way;
  readonly agents: number;
  /** Added one after another: each list once `after` tasks have ended. */
  readonly tasks: readonly { readonly after: number; readonly add: readonly Entry[] }[];
  /** What one task takes, in seconds. */
  readonly workSeconds: number;
  readonly deadlineMs: number;
}

/** Around two shell functions: `take` prints the id of a task (status 1: the race was lost, 7: none is there), `finish` ends it. */
export const shellAgent = (functions: string): string => `${functions}
say() { echo "$1 $(date +%s%3N) $COORD_AGENT $2" >> "$LOG"; }
until [ -e "$STOP" ]; do
  id=$(take); status=$?
  case $status in
    0) say took "$id"; sleep "$WORK"
       finish "$id" || say problem "finish: $?"
       say ended "$id" ;;
    1) say lost ;;
    7) say idle; sleep 0.5 ;;
    *) say problem "take: $status" ;;
  esac
done`;

/** Until all tasks have ended. @throws Error when that isn't so at the deadline */
export async function runFleet(fleet: Fleet): Promise<{ events: readonly Event[]; clones: readonly string[] }> {
  const { folder, env, url, way, agents } = fleet;
  const names = Array.from({ length: agents }, (_, n) => `agent-${n}`);
  const clones = await Promise.all(names.map((name) => makeClone(url, join(folder, name))));
  for (const dir of clones) await way.join?.(dir, env);
  const [first = ''] = clones;
  const [log, stop] = [join(folder, 'events'), join(folder, 'stop')];
  const add = [...fleet.tasks];
  const addDue = async (ended: number): Promise<void> => {
    for (let next = add[0]; next && next.after <= ended; next = add[0]) {
      add.shift();
      await way.add(first, env, next.add);
    }
  };
  await addDue(0);
  const words = { LOG: log, STOP: stop, WORK: String(fleet.workSeconds), NODE: process.execPath };
  const ran = clones.map((cwd, n) => {
    const who = { COORD_AGENT: names[n] ?? '', COORD_SESSION: `s-${n}` };
    const own = { ...env, ...words, ...who, CLI: resolve('bin/git-coord.cjs') };
    const child = spawn('sh', ['-c', way.agent], { cwd, env: own, stdio: 'ignore' });
    return new Promise((done) => child.once('close', done));
  });
  const total = fleet.tasks.reduce((sum, part) => sum + part.add.length, 0);
  try {
    await waitFor(
      async () => {
        const ended = new Set(read(log).flatMap(({ what, text }) => (what === 'ended' ? [text] : []))).size;
        await addDue(ended);
        return ended === total;
      },
      { what: `${total} tasks ended`, deadlineMs: fleet.deadlineMs },
    );
  } finally {
    writeFileSync(stop, '');
    await Promise.all(ran);
    for (const dir of clones) await way.leave?.(dir, env);
  }
  return { events: read(log), clones };
}

function read(log: string): Event[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [what = '', at, agent = '', ...rest] = line.split(' ');
    return { what: what as Event['what'], atMs: Number(at), agent, text: rest.join(' ') };
  });
}

/** How often a task was begun that somebody had begun before. */
export function duplicates(events: readonly Event[]): number {
  const begun = events.filter(({ what }) => what === 'took').map(({ text }) => text);
  return begun.length - new Set(begun).size;
}

/** From the first task that was taken to the last that ended. */
export function claimsPerSecond(events: readonly Event[]): number {
  const took = events.filter(({ what }) => what === 'took');
  const endMs = Math.max(...events.filter(({ what }) => what === 'ended').map(({ atMs }) => atMs));
  return (1000 * took.length) / (endMs - Math.min(...took.map(({ atMs }) => atMs)));
}

/** Tasks of five priorities, in no order. */
export const mixed = (count: number, name = 't'): Entry[] =>
  Array.from({ length: count }, (_, n) => ({ id: `${name}-${String(n).padStart(3, '0')}`, priority: (n * 7) % 5 }));

/** A commit with nothing in it. */
export async function emptyCommit(dir: string, env: NodeJS.ProcessEnv, message: string): Promise<string> {
  const tree = await git(['hash-object', '-w', '-t', 'tree', '/dev/null'], { cwd: dir, env });
  return git(['commit-tree', '-m', message, tree], { cwd: dir, env });
}
