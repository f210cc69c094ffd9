import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tally } from '../../src/cli/demo/tally.ts';
import type { TaskNote } from '../../src/domain/task.ts';
import { waitFor } from '../helpers/wait-for.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'bin/git-coord.cjs');
let scratch: string;

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs')]);
  scratch = mkdtempSync(join(tmpdir(), 'coord-demo-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A machine with nothing on it: an empty home, no name, no editor, nothing but the PATH. */
function startDemo(name: string, args: readonly string[]) {
  const temporary = join(scratch, name);
  mkdirSync(join(temporary, 'home'), { recursive: true });
  const env = { PATH: process.env.PATH, HOME: join(temporary, 'home'), TMPDIR: temporary };
  const child = spawn(process.execPath, [bin, 'demo', ...args], {
    cwd: temporary,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  return { child, said, temporary };
}

/** Processes that work for a demo in this folder, found by what stands in their environment. */
function processesOf(temporary: string): string[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`TMPDIR=${temporary}\0`);
    } catch {
      return false;
    }
  });
}

function isDaemon(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('daemon\0run');
  } catch {
    return false;
  }
}

/** The scratch folder and all processes. Sockets' folders of daemons may stand elsewhere: they are the daemon's own tests' matter. */
async function expectNothingLeft(temporary: string) {
  // a daemon whose folder has gone ends by itself in a while: it must have been stopped before
  expect(processesOf(temporary).filter(isDaemon)).toEqual([]);
  await waitFor(() => processesOf(temporary).length === 0, { what: 'no process is left' });
  expect(readdirSync(temporary)).toEqual(['home']);
  // what makes the next command start faster (src/cli/load-bundle.ts)
  expect(readdirSync(join(temporary, 'home'))).toEqual(['.cache']);
  expect(readdirSync(join(temporary, 'home/.cache'))).toEqual(['git-coord']);
}

test('the whole demo: twelve tasks done, none twice, and the dead worker is relieved within 30 s', async () => {
  const { child, said, temporary } = startDemo('whole', ['--json']);
  const [status] = await once(child, 'close');
  expect({ status, err: status === 0 ? '' : said.err }).toEqual({ status: 0, err: '' });
  const { ok, data } = JSON.parse(said.out);
  expect(ok).toBe(true);
  expect(data.tasks).toHaveLength(12);
  expect(data.tasks.every((task: { state: string }) => task.state === 'done')).toBe(true);
  expect(data.duplicates).toBe(0);
  expect(data.killed).toMatchObject({ worker: expect.stringMatching(/^worker-[123]$/), term: 1 });
  expect(data.takenOverBy).not.toBe(data.killed.worker);
  expect(data.takenOverBy).toMatch(/^worker-[123]$/);
  expect(data.takeoverMs).toBeGreaterThan(10_000); // a living lease isn't taken
  expect(data.takeoverMs).toBeLessThan(30_000);
  const relieved = data.tasks.find((task: { id: string }) => task.id === data.killed.task);
  expect(relieved).toMatchObject({ by: data.takenOverBy, term: 2 });
  expect(data.workers.flatMap((worker: { done: string[] }) => worker.done)).toHaveLength(12);
  expect(data.plainGit[1].output).toContain(`done: ${data.killed.task} by ${data.takenOverBy} (term 2)`);
  // what was seen of the worker when it was killed may have been overtaken: then it had pushed its second half as well
  expect(data.plainGit[2].output).toMatch(
    new RegExp(`second half \\(Claim-Term: [12]\\)\\n.*${data.killed.worker}: .*first half \\(Claim-Term: 1\\)`),
  );
  expect(said.err).toContain('12 of 12');
  await expectNothingLeft(temporary);
}, 180_000);

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it, with all its processes and its folder', async (signal) => {
  const { child, said, temporary } = startDemo(`stopped-${signal}`, []);
  const closed = once(child, 'close');
  await waitFor(() => said.out.includes('holds') || child.exitCode !== null, {
    what: 'a worker holds a task',
    deadlineMs: 40_000,
  });
  child.kill(signal);
  const [status] = await closed;
  expect({ status, last: said.out.split('\n').at(-2) }).toEqual({
    status: signal === 'SIGINT' ? 130 : 143,
    last: 'stopped; nothing is left of it',
  });
  await expectNothingLeft(temporary);
});

test('a reader who leaves ends it as well', async () => {
  const { child, temporary } = startDemo('unread', []);
  const closed = once(child, 'exit');
  child.stdout.destroy();
  await closed;
  await expectNothingLeft(temporary);
});

test('duplicates are counted from the logs: a task done twice, a term of two tenures', () => {
  const note = (op: string, by: string, term: number) =>
    ({ op, by, task: { id: 'a', title: 'A', state: op === 'done' ? 'done' : 'claimed', term } }) as unknown as TaskNote;
  const good = [note('claim', 'worker-1', 1), note('take-over', 'worker-2', 2), note('done', 'worker-2', 2)];
  expect(tally(new Map([['a', good]]))).toMatchObject({
    duplicates: 0,
    tasks: [{ by: 'worker-2', state: 'done', term: 2 }],
  });
  expect(tally(new Map([['a', [...good, note('done', 'worker-1', 1)]]])).duplicates).toBe(1);
  expect(tally(new Map([['a', [note('claim', 'worker-1', 1), ...good]]])).duplicates).toBe(1);
});

test('the tour: one of three wins, another takes over, and what comes late is refused', async () => {
  const { child, said, temporary } = startDemo('tour', ['--tour', '--json']);
  await once(child, 'close');
  const { ok, data, error } = JSON.parse(said.out);
  expect(ok, JSON.stringify(error)).toBe(true);
  const statuses = (command: RegExp) => data.steps.filter((step: { command: string }) => command.test(step.command));
  const claims = statuses(/^git coord claim api --ttl/).map(({ status }: { status: number }) => status);
  expect(claims.sort()).toEqual([0, 4, 4]);
  const late = data.steps.filter(
    ({ agent, status }: { agent: string; status: number }) => agent === data.first && status === 5,
  );
  expect(late.map(({ command }: { command: string }) => command)).toEqual(['git coord land api', 'git coord done api']);
  expect(data.main).toEqual(['Build the other half', 'Build half of it', 'Begin']);
  await expectNothingLeft(temporary);
});
