// Somebody watches while several clones work, and is killed again and again: every step of every task is told once, in order.
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { StreamedEvent } from '../../src/coordinator/watch-events.ts';
import { type Agent, closeAgents, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { startCli } from '../helpers/cli.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

const full = process.env.COORD_TEST_FULL === '1';
const [transitions, durationMs] = full ? [2000, 600_000] : [200, 0];
const restarts = 5;
const writers = 3;
/** add, claim, release, claim, done */
const stepsOfTask = 5;

let scratch: Scratch;
const children = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await closeAgents();
  await scratch.remove();
});

/** Reads the lines of one watching process after the other; a line that was cut off counts as untold. */
class Watcher {
  readonly told: StreamedEvent[] = [];
  cursor: string | undefined;
  #child: ChildProcess | undefined;
  readonly #cwd: string;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  async start(): Promise<void> {
    const since = this.cursor === undefined ? [] : ['--since', this.cursor];
    const child = startCli(['watch', '--json', ...since], { cwd: this.#cwd, env: { COORD_POLL_INTERVAL: '1s' } });
    this.#child = child;
    children.add(child);
    let [text, begun, words] = ['', false, ''];
    child.stderr?.setEncoding('utf8').on('data', (more: string) => {
      words += more;
    });
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      const lines = (text + more).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line).data as StreamedEvent;
        this.cursor = event.cursor;
        if (event.type === 'watch.begun') begun = true;
        else if (event.type.startsWith('task.')) this.told.push(event);
      }
    });
    await waitFor(() => begun, { what: `it watches: ${words}`, deadlineMs: 30_000 });
  }

  async kill(): Promise<void> {
    const child = this.#child as ChildProcess;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
    children.delete(child);
  }
}

async function stepsOn(bare: string): Promise<Map<string, string[]>> {
  const refs = await git(['for-each-ref', '--format=%(refname)', 'refs/board/'], { cwd: bare });
  const logs = refs.split('\n').map(async (ref) => {
    const log = await git(['log', '--reverse', '--format=%H', ref], { cwd: bare });
    return [ref.slice('refs/board/'.length), log.split('\n')] as const;
  });
  return new Map(await Promise.all(logs));
}

test(`${transitions} steps, ${restarts} restarts`, { timeout: durationMs + 120_000 }, async () => {
  scratch = await makeScratch();
  const bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  const id = await makeBook(bare, bare);
  const clone = (name: string) => joinBook(bare, join(scratch.dir, name), id);
  const agents: Agent[] = [];
  for (let n = 0; n < writers; n++) agents.push(await openAgent(await clone(`w${n}`), { agent: `agent-${n}` }));
  // one writes in the clone in which somebody watches
  const watcher = new Watcher(join(scratch.dir, 'w0'));
  await watcher.start();
  const startMs = performance.now();
  let steps = 0;
  const step = async (work: Promise<unknown>): Promise<void> => {
    await work;
    const dueMs = (durationMs * ++steps) / transitions;
    await waitFor(() => performance.now() - startMs >= dueMs, { what: 'its time', deadlineMs: durationMs + 1 });
  };
  const write = async ({ book }: Agent, writer: number): Promise<void> => {
    for (let n = writer; n * stepsOfTask < transitions; n += writers) {
      await step(book.add({ id: `t-${n}`, title: `Task ${n}` }));
      await step(book.claim(`t-${n}`));
      await step(book.release(`t-${n}`));
      await step(book.claim(`t-${n}`));
      await step(book.done(`t-${n}`));
    }
  };
  const restart = async (): Promise<void> => {
    for (let n = 1; n <= restarts; n++) {
      const what = `step ${(n * transitions) / (restarts + 1)}`;
      await waitFor(() => steps >= (n * transitions) / (restarts + 1), { what, deadlineMs: durationMs + 60_000 });
      await watcher.kill();
      await watcher.start();
    }
  };
  await Promise.all([...agents.map(write), restart()]);
  const there = await stepsOn(bare);
  expect([...there.values()].flat()).toHaveLength(transitions);
  await waitFor(() => watcher.told.length >= transitions, {
    what: `all told, not ${watcher.told.length}`,
    deadlineMs: 30_000,
  });
  console.log(`${transitions} steps and ${restarts} restarts in ${Math.round(performance.now() - startMs)} ms`);
  await watcher.kill();
  const told = grouped(watcher.told);
  expect(told).toEqual(there);
});

function grouped(events: readonly StreamedEvent[]): Map<string, string[]> {
  const byTask = new Map<string, string[]>();
  for (const { task, id } of events) byTask.set(task ?? '', [...(byTask.get(task ?? '') ?? []), id]);
  return byTask;
}
