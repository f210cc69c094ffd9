// A busy team: what a landing says while its checks run and others come first, and how landings take turns under a lock.
import type { ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cli, cliJson, startCli } from '../helpers/cli.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { waitFor } from '../helpers/wait-for.ts';

let project: Project;
let anna: Agent;
let ben: Agent;
beforeEach(async () => {
  project = await makeProject('path');
  anna = await project.agent('anna');
  ben = await project.agent('ben');
});
afterEach(async () => {
  // a test that failed in the middle: each ends what it runs
  for (const child of begun.splice(0)) child.kill('SIGTERM');
  await project.close();
});

const begun: ChildProcess[] = [];

const file = (name: string): string => join(project.dir, name);
const read = (name: string): Promise<string> => readFile(file(name), 'utf8').catch(() => '');
const checkWith = (agent: Agent, command: string) => agent.git('config', 'coord.quality.testCommand', command);
const bin = join(import.meta.dirname, '../../bin/git-coord.cjs');
/** `git coord lock landing --wait 1m -- git coord land <task>`, with the tool under test. */
const inTurn = (task: string): string[] => [
  'lock',
  'landing',
  '--wait',
  '1m',
  '--',
  process.execPath,
  bin,
  'land',
  task,
];

async function holds(agent: Agent, task: string): Promise<void> {
  expect((await agent.run('claim', task)).status).toBe(0);
  await agent.work(task, task, task);
}

/** A command that is still at it. */
function begin(agent: Agent, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child: ChildProcess = startCli(args, { cwd: agent.dir, env: { ...agent.env, ...env } });
  begun.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const says = (words: RegExp) => waitFor(() => words.test(said), { what: String(words) });
  return { child, ended, says, said: () => said };
}

test('three who land at once under the lock run their checks once each, one after the other', async () => {
  const chris = await project.agent('chris');
  const agents = [anna, ben, chris];
  for (const agent of agents) {
    await holds(agent, `of-${agent.env.COORD_AGENT}`);
    await checkWith(
      agent,
      `mkdir ${file('at-it')} && echo run >> ${file('runs')} && sleep 1 && rmdir ${file('at-it')}`,
    );
  }
  const landed = await Promise.all(
    agents.map((agent) => cli(inTurn(`of-${agent.env.COORD_AGENT}`), { cwd: agent.dir, env: agent.env })),
  );
  for (const { status, stderr } of landed) expect(status, stderr).toBe(0);
  expect(landed.map(({ stderr }) => stderr).join()).not.toContain('moved');
  expect(await read('runs')).toBe('run\nrun\nrun\n');
});

describe.each([
  ['without a daemon its claim stands still for its ttl', { COORD_DAEMON: 'off', COORD_CLAIM_TTL: '2s' }],
  ['its daemon sees that the process is gone', { COORD_DAEMON: 'auto', COORD_CLAIM_TTL: '10m' }],
])('a holder that is killed in the middle: %s', (_, env) => {
  afterEach(() => cliJson(['daemon', 'stop'], { cwd: anna.dir, env: { ...anna.env, ...env } }));

  test('and the next one has its turn', async () => {
    await holds(anna, 'x');
    await holds(ben, 'y');
    await checkWith(anna, `echo $PPID $$ > ${file('pids')}; until test -e ${file('never')}; do sleep 0.1; done`);
    const killed = begin(anna, inTurn('x'), env);
    const [lander, checks] = await waitFor(
      async () =>
        /^(\d+) (\d+)\n$/
          .exec(await read('pids'))
          ?.slice(1)
          .map(Number),
      {
        what: 'the checks of the first',
      },
    );
    const next = begin(ben, inTurn('y'));
    await next.says(/^landing is held by anna since .*: waiting for 1m at most$/m);
    // first the one that would give the lock back
    killed.child.kill('SIGKILL');
    process.kill(lander ?? 0, 'SIGKILL');
    process.kill(-(checks ?? 0), 'SIGKILL');
    await killed.ended;
    expect(await next.ended, next.said()).toBe(0);
    expect(next.said()).toContain('y: landed on main');
  });
});

test('another process of the same session waits for the lock as well, and is told how to type it', async () => {
  const first = begin(anna, ['lock', 'landing', '--', 'sh', '-c', `until test -e ${file('go')}; do sleep 0.1; done`]);
  await waitFor(async () => (await anna.run('show', 'landing')).data?.claim?.mine, { what: 'the lock is held' });
  const refused = await cli(['lock', 'landing', '--', 'sh', '-c', 'echo in turn'], { cwd: anna.dir, env: anna.env });
  expect(refused.status).toBe(4);
  expect(refused.stderr).toMatch(/^next: git coord lock landing --wait 10m -- sh -c 'echo in turn'$/m);
  const second = begin(anna, ['lock', 'landing', '--wait', '1m', '--', 'echo', 'in turn']);
  await second.says(/^landing is held by anna for process \d+, which still runs: waiting for 1m at most$/m);
  await writeFile(file('go'), '');
  expect([await first.ended, await second.ended]).toEqual([0, 0]);
  expect(second.said()).toMatch(/^in turn$/m);
});

test('a lock outlasts what would be the timeout of an attempt', async () => {
  const env = { ...anna.env, COORD_DAEMON: 'auto' };
  const run = (...args: string[]) => cliJson(args, { cwd: anna.dir, env });
  try {
    expect((await run('add', 'Slow', '--id', 'slow', '--type', 'lock', '--timeout', '3s')).status).toBe(0);
    const locked = await cli(['lock', 'slow', '--', 'sleep', '5'], { cwd: anna.dir, env });
    expect(locked.status, locked.stderr).toBe(0);
    const { entries } = (await run('log', 'slow')).data;
    expect(entries.map(({ op }: { op: string }) => op)).toEqual(['release', 'claim', 'add']);
  } finally {
    await run('daemon', 'stop');
  }
});

test('one whom others always precede is told of the lock: when its checks are to run a third time, and at the end', async () => {
  await holds(anna, 'x');
  await anna.git('config', 'coord.land.attemptsMax', '3');
  await checkWith(
    anna,
    `echo more >> ${ben.dir}/shared && git -C ${ben.dir} commit --quiet -a -m Other && git -C ${ben.dir} push --quiet origin HEAD:main`,
  );
  const refused = await anna.run('land', 'x');
  const withLock = 'git coord lock landing --wait 1h -- git coord land x';
  expect(refused).toMatchObject({
    status: 6,
    error: {
      code: 'unavailable',
      message: 'main moved each of the 3 times that x was to land',
      next: [withLock, 'git coord land x'],
    },
  });
  expect(refused.stderr.match(/^x: others landed first twice while its checks ran\. .*$/gm)).toEqual([
    expect.stringMatching(new RegExp(`: ${withLock}$`)),
  ]);
  // what is not checked is said once, not at each try
  expect(refused.stderr.match(/^not checked: /gm)).toHaveLength(1);
});

test('what is switched off is named by its setting, apart from what could not be checked', async () => {
  await anna.git('config', 'coord.quality.lintCommand', 'off');
  await holds(anna, 'x');
  const { stderr } = await anna.run('land', 'x');
  expect(stderr).toMatch(/^not checked: types, tests, build: no package\.json.*$/m);
  expect(stderr).toMatch(/^switched off by configuration: lint \(quality\.lint_command\)$/m);
});

test('a worktree that a landing leaves detached is said to be so, and what to type next', async () => {
  const { worktree } = (await anna.run('start', 'x')).data;
  const dir = worktree.path;
  const inWorktree = { cwd: dir, env: { ...anna.env, COORD_SESSION: undefined } };
  await writeFile(join(dir, 'x'), 'x');
  await anna.git('-C', dir, 'add', 'x');
  await anna.git('-C', dir, 'commit', '--quiet', '--message', 'x');
  const landed = await cli(['land', 'x'], inWorktree);
  expect(landed.status, landed.stderr).toBe(0);
  expect(landed.stdout).toMatch(
    /^x: landed on main \(\w+\)\nthis worktree is detached now, ready for the next task: git coord start <id>, one of git coord ready\n$/,
  );
  expect(await anna.git('-C', dir, 'branch', '--show-current')).toBe('');
  expect((await cliJson(['start', 'y'], inWorktree)).data.worktree.path).toBe(dir);
});
