// The worker, as a process: real commands in real worktrees, and what becomes of their tasks.
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startCli } from '../helpers/cli.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { losingLandings } from '../helpers/lost-landing.ts';
import { running } from '../helpers/processes.ts';
import { git } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let project: Project;
let anna: Agent;
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await anna.run('daemon', 'stop');
  await project.close();
});

async function begin(kind: 'path' | 'http' | 'embedded' = 'path'): Promise<void> {
  project = await makeProject(kind);
  anna = await project.agent('anna');
  Object.assign(anna.env, { COORD_POLL_INTERVAL: '200ms', COORD_DAEMON: 'auto' });
}

async function add(id: string, ...options: string[]): Promise<void> {
  const added = await anna.run('add', `Do ${id}`, '--id', id, ...options);
  expect(added.status, added.stderr).toBe(0);
}

const show = async (id: string) => (await anna.run('show', id)).data;
const mainHas = (file: string) => git(['show', `refs/heads/main:${file}`], { cwd: project.home }).catch(() => null);

interface Worker {
  readonly child: ChildProcess;
  readonly events: () => Event[];
  /** On standard error. */
  readonly said: () => string;
  readonly ended: Promise<{ status: number | null; report: Record<string, unknown>; stderr: string }>;
}

interface Event {
  readonly type: string;
  readonly task: string;
  readonly end?: { kind: string; reason?: string; dead?: boolean };
  readonly text?: string;
  readonly worktree?: string;
  readonly log?: string;
}

function worker(script: string, ...options: string[]): Worker {
  const child = startCli(['run', '--json', ...options, '--', 'sh', '-c', script], { cwd: anna.dir, env: anna.env });
  children.push(child);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (text) => (stdout += text));
  child.stderr?.on('data', (text) => (stderr += text));
  const lines = (): { ok: boolean; data: Event }[] =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve)).then((status) => ({
    status,
    report: (lines().at(-1)?.data ?? {}) as unknown as Record<string, unknown>,
    stderr,
  }));
  return { child, events: () => lines().map(({ data }) => data), said: () => stderr, ended };
}

const drained = async (script: string, ...options: string[]) => {
  const one = worker(script, '--drain', ...options);
  return { ...(await one.ended), events: one.events() };
};
const eventOf = (one: Worker, type: string, task: string) =>
  waitFor(() => one.events().find((event) => event.type === type && event.task === task), {
    what: `${task} ${type}`,
    deadlineMs: 20_000,
  });
const seen = (one: Worker, text: string) =>
  waitFor(() => one.events().some((event) => event.text === text), { what: text, deadlineMs: 20_000 });

test('says what is paused when nothing is ready for that', async () => {
  await begin('embedded');
  await add('one', '--label', 'deploy');
  expect((await anna.run('pause', '--label', 'deploy')).status).toBe(0);
  const one = worker('true', '--drain');
  const idleOf = () => one.events().find(({ type }) => type === 'idle');
  const idle = await waitFor(idleOf, { what: 'idle', deadlineMs: 20_000 });
  expect(idle).toMatchObject({ left: 1, paused: 'tasks with the label deploy are paused' });
  expect((await anna.run('resume', '--label', 'deploy')).status).toBe(0);
  expect((await one.ended).status).toBe(0);
});

test('a task is told what those that it needs gave, through a join as well', async () => {
  await begin('embedded');
  await add('one');
  await add('two');
  await add('both', '--type', 'join', '--needs', 'one,two');
  await add('end', '--needs', 'one,both');
  const script = `
    if [ "$COORD_TASK_ID" = end ]; then cp "$COORD_TASK_FILE" "$COORD_RESULT_FILE"
    else echo '{"of":"'$COORD_TASK_ID'"}' > "$COORD_RESULT_FILE"; fi`;
  const { status, stderr } = await drained(script);
  expect(status, stderr).toBe(0);
  const [one, two] = [{ of: 'one' }, { of: 'two' }];
  expect((await show('end')).result).toMatchObject({ id: 'end', results: { one, both: { one, two } } });
  expect((await show('one')).result).toEqual(one);
});

describe.each(['path', 'http', 'embedded'] as const)('%s', (kind) => {
  test('commits land, a task without commits is done with its result, the rest is told', async () => {
    await begin(kind);
    await add('code', '--priority', '2');
    await add('words');
    const script = `
      test "$PWD" = "$(git rev-parse --show-toplevel)" || exit 9
      test "$(git symbolic-ref --short HEAD)" = "task/$COORD_TASK_ID" || exit 8
      grep -q "\\"title\\": \\"Do $COORD_TASK_ID\\"" "$COORD_TASK_FILE" || exit 7
      test "$COORD_TERM" = 1 || exit 6
      if [ "$COORD_TASK_ID" = code ]; then echo new > file; git add file; git commit -qm "Add a file"; fi
      echo '{"said":"'$COORD_TASK_ID'"}' > "$COORD_RESULT_FILE"`;
    const { status, report, stderr } = await drained(script, '--max', '2');
    expect(status, stderr).toBe(0);
    expect(report).toMatchObject({ type: 'report', ended: { landed: 1, done: 1, failed: 0 }, dead: [] });
    expect(await mainHas('file')).toBe('new');
    expect(await show('code')).toMatchObject({
      state: 'done',
      result: { said: 'code' },
      landed: { ref: 'refs/heads/main' },
    });
    expect(await show('words')).toMatchObject({ state: 'done', result: { said: 'words' }, landed: null });
    expect(await git(['for-each-ref', 'refs/claims'], { cwd: project.home })).toBe('');
    const coordDir = join(await anna.git('rev-parse', '--path-format=absolute', '--git-common-dir'), 'coord');
    expect(await readdir(join(coordDir, 'run'))).toEqual([]);
  });
});

test('a landing whose reply is lost is one that landed, once', async () => {
  await begin();
  const server = await losingLandings(project.home);
  try {
    await anna.git('remote', 'set-url', 'origin', server.url);
    expect((await anna.run('init', '--remote', 'origin')).status).toBe(0);
    await add('code');
    const { report, stderr } = await drained('echo new > file; git add file; git commit -qm "Add a file"');
    expect(server.lost(), stderr).toBe(1);
    expect(report).toMatchObject({ ended: { landed: 1, done: 0, failed: 0 }, dead: [] });
    expect(await git(['log', '--format=%s', 'main'], { cwd: project.home })).toBe('Add a file\nBegin');
    expect(await show('code')).toMatchObject({ state: 'done', landed: { commit: await project.main() } });
    await anna.run('daemon', 'stop');
  } finally {
    await server.stop();
  }
});

test('a failure is open again with what was printed last, then a dead letter; the others go on', async () => {
  await begin();
  await add('bad', '--retries', '0');
  await add('good');
  const script = 'echo first; [ $COORD_TASK_ID = good ] || { seq 1 100; echo it is broken >&2; exit 3; }';
  const { report, events } = await drained(script, '--max', '2');
  expect(report).toMatchObject({ ended: { done: 1, failed: 1 }, dead: ['bad'] });
  const bad = await show('bad');
  expect(bad).toMatchObject({ state: 'failed', error: { code: 'failed' } });
  expect(bad.error.message).toMatch(/^exit status 3\n/);
  expect(bad.error.message).toMatch(/100\nit is broken$/);
  expect(bad.error.message).not.toContain('first');
  const log = events.find(({ type, task }) => type === 'started' && task === 'bad')?.log ?? '';
  expect(await readFile(log, 'utf8')).toMatch(/^first\n1\n/);
});

test('a result that is no JSON, huge, deep or no file fails, and so does what is not committed on its branch', async () => {
  await begin();
  const cases = {
    'no-json': ['echo "{" > $COORD_RESULT_FILE', 'the result is no JSON'],
    huge: ['head -c 70000 /dev/zero | tr "\\0" 1 > $COORD_RESULT_FILE', 'at most 65536 fit'],
    folder: ['mkdir $COORD_RESULT_FILE; touch $COORD_RESULT_FILE/x', 'the result is no file'],
    dirty: ['echo more >> README', 'not committed: README'],
    'new-file': ['echo new > new', 'not committed: new'],
    deep: [
      'printf "%0100d" 0 | tr 0 "[" > $COORD_RESULT_FILE; printf "%0100d" 0 | tr 0 "]" >> $COORD_RESULT_FILE',
      'nested deeper',
    ],
    detached: ['git checkout -q --detach', 'detached HEAD checked out'],
    'another-branch': ['git checkout -q -b task/mine', 'task/mine checked out'],
  };
  for (const id of Object.keys(cases)) await add(id, '--retries', '0');
  const script = Object.entries(cases).map(([id, [does]]) => `${id}) ${does};;`);
  const { report, status } = await drained(`case $COORD_TASK_ID in ${script.join('\n')} esac`, '--max', '4');
  expect({ report, status }).toMatchObject({ report: { ended: { failed: 8 } }, status: 7 });
  for (const [id, [, words]] of Object.entries(cases)) expect((await show(id)).error.message).toContain(words);
});

test('a command that is nowhere gives its task back and ends the worker, with no try used up', async () => {
  await begin();
  await add('one', '--retries', '0');
  const child = startCli(['run', '--drain', '--json', '--', 'no-such-agent'], { cwd: anna.dir, env: anna.env });
  let stdout = '';
  child.stdout?.on('data', (text) => (stdout += text));
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2);
  expect(stdout).toContain('no-such-agent');
  expect(await show('one')).toMatchObject({ state: 'open', attempts: 0 });
});

test('progress reaches the claim and pushes the deadline on; silence past it fails the attempt', {
  timeout: 90_000,
}, async () => {
  await begin();
  await add('lively', '--timeout', '3s');
  await add('silent', '--timeout', '3s', '--retries', '0');
  // it takes longer to stop than its deadline allows, and is still the holder's to fail
  const script = `if [ $COORD_TASK_ID = lively ]; then for n in 1 2 3 4 5 6 7 8 9 10; do echo "::progress $n 0 tests"; sleep 0.5; done
    else trap 'sleep 4; echo cleaned up; exit 1' TERM; while :; do sleep 0.2; done; fi`;
  const one = worker(script, '--drain', '--max', '2');
  await waitFor(async () => (await show('lively')).progress?.text === '0 tests', {
    what: 'progress',
    deadlineMs: 20_000,
  });
  const { report } = await one.ended;
  expect(report, JSON.stringify(one.events())).toMatchObject({ ended: { done: 1, failed: 1 }, dead: ['silent'] });
  expect((await show('silent')).error.message).toMatch(/ for 3 s\n(.*\n)*cleaned up$/);
});

test('a claim that is taken away stops the command and keeps its work', async () => {
  await begin();
  Object.assign(anna.env, { COORD_CLAIM_TTL: '3s' });
  await add('mine');
  const ben = await project.agent('ben');
  const one = worker('echo draft > draft; git add draft; git commit -qm Draft; echo "::progress at it"; sleep 300');
  await seen(one, 'at it');
  expect((await ben.run('claim', 'mine', '--force')).status).toBe(0);
  expect((await eventOf(one, 'ended', 'mine')).end).toMatchObject({ kind: 'lost' });
  expect(await anna.git('show', 'task/mine:draft')).toBe('draft');
  expect((await ben.run('show', 'mine')).data.claim).toMatchObject({ agent: 'ben', mine: true });
  one.child.kill('SIGTERM');
  expect((await one.ended).status).toBe(0);
});

test('SIGINT finishes what is in work and takes nothing new; a second one stops it and gives it back', async () => {
  await begin();
  for (const id of ['a', 'b', 'c']) await add(id);
  const go = join(project.dir, 'go');
  const one = worker(`echo "::progress up"; until [ -e ${go} ]; do sleep 0.05; done`, '--max', '1');
  await eventOf(one, 'progress', (await eventOfFirst(one)).task);
  one.child.kill('SIGINT');
  await writeFile(go, '');
  expect((await one.ended).report).toMatchObject({ ended: { done: 1 } });
  expect((await anna.run('list', '--state', 'open')).data.tasks).toHaveLength(2);
  const two = worker('echo "::progress up"; sleep 300', '--max', '1');
  const { task } = await eventOfFirst(two);
  await eventOf(two, 'progress', task);
  two.child.kill('SIGINT');
  await waitFor(() => two.said().includes('once more'), { what: 'it was told' });
  // at first it is the same Ctrl-C, of which git tells as well
  const again = () => {
    two.child.kill('SIGINT');
    return two.said().includes('stopping');
  };
  await waitFor(again, { what: 'it was told a second time' });
  expect((await two.ended).report).toMatchObject({ ended: { released: 1 } });
  expect(await show(task)).toMatchObject({ state: 'open', attempts: 0 });
});

const eventOfFirst = (one: Worker) =>
  waitFor(() => one.events().find(({ type }) => type === 'started'), { what: 'a start', deadlineMs: 20_000 });

test('a worker that is killed loses its claims at once, and another does the task', async () => {
  await begin();
  await add('a');
  const one = worker('echo "::progress up"; sleep 300');
  await seen(one, 'up');
  one.child.kill('SIGKILL');
  await one.ended;
  await waitFor(async () => (await show('a')).state === 'open', { what: 'the task is free', deadlineMs: 10_000 });
  expect((await drained('true')).report).toMatchObject({ ended: { done: 1 } });
});

test('what conflicts is done again on the target as it is then; what failed goes on from its own work', {
  timeout: 90_000,
}, async () => {
  await begin();
  for (const id of ['a', 'b', 'two-tries']) await add(id, '--retries', '3');
  // both edit one line, at the same time
  const script = `if [ $COORD_TASK_ID = two-tries ]; then
      if [ -e half ]; then echo whole > whole; git add .; git commit -qm Whole; exit; fi
      echo half > half; git add half; git commit -qm Half; exit 1; fi
    sed -i "2s/.*/& $COORD_TASK_ID/" shared; git commit -qam "Change by $COORD_TASK_ID"
    touch ${project.dir}/$COORD_TASK_ID; until [ -e ${project.dir}/a ] && [ -e ${project.dir}/b ]; do sleep 0.05; done`;
  const { report } = await drained(script, '--max', '3');
  expect(report).toMatchObject({ ended: { landed: 3, failed: 2 } });
  expect((await mainHas('shared'))?.split('\n')[1]).toMatch(/^two (a b|b a)$/);
  expect([await mainHas('half'), await mainHas('whole')]).toEqual(['half', 'whole']);
  expect(await anna.git('for-each-ref', 'refs/coord-rescue')).not.toBe('');
});

test('with --via-branch work waits for a review', async () => {
  await begin();
  await add('a', '--retries', '0');
  const script = 'echo x > x; git add x; git commit -qm X';
  const { report } = await drained(script, '--via-branch');
  expect(report).toMatchObject({ ended: { review: 1 } });
  expect(await show('a')).toMatchObject({ state: 'review', review: { branch: 'refs/heads/task/a' } });
});

test('drains without what only others can do', async () => {
  await begin();
  await add('other-skill', '--requires', 'cobol');
  await add('by-name', '--type', 'external');
  await add('blocked', '--needs', 'other-skill');
  await add('labelled', '--label', 'ui');
  await add('mine');
  const { report } = await drained('true', '--label', 'ui');
  expect(report).toMatchObject({ ended: { done: 1 } });
  const second = await drained('true');
  expect(second.report, second.stderr).toMatchObject({ ended: { done: 1 } });
  expect((await show('other-skill')).state).toBe('open');
});

test('a worker that breaks ends what it has in work', async () => {
  await begin();
  await add('a');
  const one = worker('echo "::progress up"; exec sleep 300.25', '--max', '2');
  await seen(one, 'up');
  const pending = join(await anna.git('rev-parse', '--path-format=absolute', '--git-common-dir'), 'coord', 'pending');
  await rm(pending, { recursive: true });
  // what nobody has thought of
  await symlink(pending, pending);
  expect((await one.ended).status).toBe(1);
  await waitFor(() => running('300.25').length === 0, { what: 'the command has ended' });
});

test('without a target branch the worker ends, and gives its task back', async () => {
  await begin();
  await add('a');
  await git(['symbolic-ref', 'HEAD', 'refs/heads/nowhere'], { cwd: project.home });
  await git(['update-ref', '-d', 'refs/heads/main'], { cwd: project.home });
  const { status, stderr } = await drained('true');
  expect(status).toBe(2);
  expect(stderr).toContain('there is no branch main');
  expect(await show('a')).toMatchObject({ state: 'open', attempts: 0 });
});

test('variables that locate a repository, as in a hook, do not reach the command', async () => {
  await begin();
  await add('a');
  Object.assign(anna.env, { GIT_DIR: join(anna.dir, '.git'), GIT_WORK_TREE: anna.dir });
  const { report } = await drained('echo x > x; git add x; git commit -qm X');
  expect(report).toMatchObject({ ended: { landed: 1 } });
  expect(await mainHas('x')).toBe('x');
});

test('the remote lost between the work and the landing: tried again, landed once', { timeout: 90_000 }, async () => {
  await begin();
  await add('a');
  const hook = join(project.home, 'hooks', 'pre-receive');
  const script = `echo x > x; git add x; git commit -qm X; printf '#!/bin/sh\\nexit 1\\n' > ${hook}; chmod +x ${hook}`;
  const one = worker(script, '--drain');
  await waitFor(() => one.events().some(({ type, text }) => type === 'step' && text?.startsWith('not landed yet')), {
    what: 'a landing that was refused',
    deadlineMs: 20_000,
  });
  await chmod(hook, 0o644);
  expect((await one.ended).report).toMatchObject({ ended: { landed: 1 } });
  expect(await mainHas('x')).toBe('x');
  expect(existsSync(hook)).toBe(true);
});
