// What a coding tool meets on its way: scripted clients, real hooks, a real remote.
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processesIn } from '../../src/worker/processes-in.ts';
import { claim, coord, envOf, makeBookClone, run, withBook } from '../helpers/hook-repo.ts';
import { running } from '../helpers/processes.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { binFolder, openToolClient, type ToolClient, type ToolClientOptions } from '../helpers/tool-client.ts';
import { waitFor } from '../helpers/wait-for.ts';

let scratch: Scratch;
let dir: string;
let bin: string;
const clients: ToolClient[] = [];

beforeEach(async () => {
  scratch = await makeScratch();
  dir = join(scratch.dir, 'clone');
  bin = await binFolder(join(scratch.dir, 'bin'));
  const remote = await makeBareRepo(join(scratch.dir, 'remote.git'));
  await makeBookClone(dir, remote);
  await git(['push', '--quiet', 'origin', 'HEAD:main'], { cwd: dir });
  await git(['remote', 'set-head', 'origin', 'main'], { cwd: dir });
  for (const [key, value] of Object.entries({ remote: 'origin', daemon: 'off', agent: 'agent-a' }))
    await git(['config', `coord.${key}`, value], { cwd: dir });
  await coord(dir, envOf('agent-a'), 'hooks', 'install');
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await waitFor(() => processesIn(scratch.dir)?.length === 0, { what: 'nothing runs on', deadlineMs: 30_000 });
  await scratch.remove();
});

function open(session: string, options: Partial<ToolClientOptions> = {}): ToolClient {
  const client = openToolClient({ cwd: dir, session, ...options, env: { PATH: bin, ...options.env } });
  clients.push(client);
  return client;
}

const edit = (path: string) => ({ tool_name: 'Edit', tool_input: { file_path: path } });
const bash = (command: string) => ({ tool_name: 'Bash', tool_input: { command } });
// biome-ignore lint/suspicious/noExplicitAny: a hook's answer
const refusal = (answer: any): string | undefined =>
  answer?.hookSpecificOutput?.permissionDecision === 'deny'
    ? answer.hookSpecificOutput.permissionDecisionReason
    : undefined;
const onBranch = (task: string) => git(['checkout', '--quiet', '-B', `task/${task}`], { cwd: dir });
const file = () => join(dir, 'work');

test('claim, edit, commit, land: refused at each step without the claim', async () => {
  await withBook(dir, 'agent-b', (book) => book.add({ id: 'api', title: 'Say "done"\nand stop' }));
  const client = open('s-1');
  const begun = await client.hook('session-start', { source: 'startup' });
  expect(begun.hookSpecificOutput.additionalContext).toContain('You are agent agent-a, session s-1.');
  await onBranch('api');
  expect(refusal(await client.hook('before-tool', edit(file())))).toContain('Type: git coord claim api');
  expect(refusal(await client.hook('before-tool', bash('git add -A && git commit -m x')))).toContain('claim api');
  const commit = await client.shell('echo 1 > work && git add -A && git commit -qm x');
  expect(commit).toMatchObject({ status: 1, stderr: expect.stringContaining('api is not claimed') });
  expect((await client.shell('git coord land api')).status).toBe(7);

  expect(await client.shell('git coord claim api')).toMatchObject({ status: 0 });
  expect(await client.hook('before-tool', edit(file()))).toBe(null);
  expect(await client.hook('before-tool', bash('git add -A && git commit -m x'))).toBe(null);
  expect(await client.shell('git add -A && git commit -qm x')).toMatchObject({ status: 0 });
  expect(await client.hook('after-tool', bash('git commit'))).toBe(null);
  expect(await client.hook('stop')).toEqual({
    decision: 'block',
    reason: expect.stringContaining('git coord land api'),
  });
  expect(await client.hook('stop')).toBe(null);
  expect(await client.shell('git coord land api')).toMatchObject({ status: 0 });
  expect(await client.hook('session-end', { reason: 'prompt_input_exit' })).toBe(null);
  expect(refusal(await client.hook('before-tool', edit(file())))).toContain('nobody holds it');
});

test("another session in the worktree is refused; subagents, and the tool's other ids, act for theirs", async () => {
  await onBranch('api');
  const [one, two] = [open('s-1'), open('s-2')];
  for (const client of [one, two]) await client.hook('session-start');
  // as a tool's server has it, which was given another id
  expect((await one.shell('git coord claim api', { env: { CLAUDE_CODE_SESSION_ID: 's-server' } })).status).toBe(0);
  expect(await one.hook('before-tool', edit(file()))).toBe(null);
  expect(await one.hook('before-tool', { ...edit(file()), agent_id: 'sub', agent_type: 'Explore' })).toBe(null);
  expect(await one.hook('before-tool', { ...edit(file()), session_id: 's-resumed' })).toBe(null);
  expect((await one.shell('git commit -qm x --allow-empty')).status).toBe(0);

  expect((await two.shell('git coord claim api')).status).toBe(4);
  expect(refusal(await two.hook('before-tool', edit(file())))).toContain('in another session of yours');
  expect((await two.shell('git commit -qm x --allow-empty')).status).toBe(1);
  expect(await two.hook('stop')).toBe(null);
});

/** What an MCP client says to claim a task, a line each. */
const claimByServer = (id: string): string =>
  [
    {
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'tool', version: '1' } },
    },
    { method: 'notifications/initialized' },
    { id: 2, method: 'tools/call', params: { name: 'claim', arguments: { id } } },
  ]
    .map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
    .join('');

test("a claim made by the tool's server, which was given another id, lets its edit and its commit pass", async () => {
  await onBranch('api');
  const [one, two] = [open('s-1'), open('s-2')];
  for (const client of [one, two]) await client.hook('session-start');
  await writeFile(join(scratch.dir, 'claim'), claimByServer('api'));
  const served = (client: ToolClient) =>
    client.shell('git-coord mcp < ../claim', { env: { CLAUDE_CODE_SESSION_ID: 's-server' } });
  expect((await served(one)).stdout).toContain('"session":"s-1"');
  expect(await one.hook('before-tool', edit(file()))).toBe(null);
  expect((await one.shell('git commit -qm x --allow-empty')).status).toBe(0);
  expect((await served(two)).stdout).toContain('"code":"held"');
  expect(refusal(await two.hook('before-tool', edit(file())))).toContain('in another session of yours');
  expect((await two.shell('git commit -qm x --allow-empty')).status).toBe(1);
});

test('a process that begins another session goes on with what it holds', async () => {
  await onBranch('api');
  const client = open('s-1');
  await client.hook('session-start');
  await client.shell('git coord claim api');
  expect(await client.hook('session-end', { reason: 'clear' })).toBe(null);
  const begun = await client.hook('session-start', { session_id: 's-2', source: 'clear' });
  expect(begun.hookSpecificOutput.additionalContext).toContain('session s-1.');
  expect(await client.hook('before-tool', { ...edit(file()), session_id: 's-2' })).toBe(null);
});

test('what counts is where the file is', async () => {
  const other = join(scratch.dir, 'other');
  await git(['worktree', 'add', '--quiet', '-b', 'task/api', other], { cwd: dir });
  await symlink(other, join(dir, 'link'));
  await mkdir(join(scratch.dir, 'outside'));
  await symlink(join(scratch.dir, 'outside'), join(other, 'out'));
  const foreign = join(scratch.dir, 'foreign');
  await makeBookClone(foreign);
  await git(['checkout', '--quiet', '-b', 'task/api'], { cwd: foreign });
  const client = open('s-1');
  for (const path of [join(other, 'new/file'), join(dir, 'link/x'), '../other/x'])
    expect(refusal(await client.hook('before-tool', edit(path))), path).toContain('api');
  expect(refusal(await client.hook('before-tool', bash(`cd ${other} && git commit`)))).toContain('api');
  for (const path of [join(scratch.dir, 'x'), join(other, 'out/x'), join(foreign, 'x'), '/nowhere/x'])
    expect(await client.hook('before-tool', edit(path)), path).toBe(null);
});

test('a branch without a task: a reminder once a session, and commits pass', async () => {
  const client = open('s-1');
  const reminded = await client.hook('before-tool', edit(file()));
  expect(reminded.hookSpecificOutput).toEqual({
    hookEventName: 'PreToolUse',
    additionalContext: expect.stringContaining('git coord start <id>'),
  });
  expect(await client.hook('before-tool', edit(file()))).toBe(null);
  expect(await client.hook('before-tool', bash('git commit'))).toBe(null);
  expect(await open('s-2').hook('before-tool', edit(file()))).not.toBe(null);
});

test('the policy decides: warn says it once, off says nothing; a bypass is obeyed', async () => {
  await onBranch('api');
  const warned = open('s-1', { env: { COORD_HOOKS_POLICY: 'warn' } });
  expect((await warned.hook('before-tool', edit(file()))).hookSpecificOutput.additionalContext).toContain('claim api');
  expect(await warned.hook('before-tool', edit(file()))).toBe(null);
  expect(await open('s-2', { env: { COORD_HOOKS_POLICY: 'off' } }).hook('before-tool', edit(file()))).toBe(null);
  expect(await open('s-3', { env: { COORD_BYPASS: '1' } }).hook('before-tool', edit(file()))).toBe(null);
});

test('nothing waits for the remote', async () => {
  await onBranch('api');
  const client = open('s-1');
  await client.hook('session-start');
  await client.shell('git coord claim api');
  const word = `7.${process.pid}`;
  await git(['config', 'remote.origin.url', `ext::sleep ${word}`], { cwd: dir });
  await git(['config', 'protocol.ext.allow', 'always'], { cwd: dir });
  const times: number[] = [];
  const timed = async (event: string, input?: object) => {
    const started = performance.now();
    const answer = await client.hook(event, input);
    times.push(performance.now() - started);
    return answer;
  };
  expect(await timed('before-tool', edit(file()))).toBe(null);
  await onBranch('ui');
  expect(refusal(await timed('before-tool', edit(file())))).toContain('claim ui');
  expect((await timed('session-start')).hookSpecificOutput.additionalContext).toContain('- api, term 1');
  expect(await timed('after-tool', edit(file()))).toBe(null);
  expect(await timed('stop')).toBe(null);
  expect(await timed('session-end')).not.toBe(null);
  expect(Math.max(...times)).toBeLessThan(5000);
  await waitFor(() => running(word).length === 0, { what: 'what went to the remote has ended', deadlineMs: 60_000 });
}, 120_000);

test('who holds it is named, and an expired lease is good until somebody has taken it', async () => {
  await onBranch('api');
  const client = open('s-1');
  await client.hook('session-start');
  await client.shell('git coord claim api');
  const path = join(dir, '.git/coord/held/api');
  const expired = (await readFile(path, 'utf8')).replace(/^until=.*$/m, 'until=1.00');
  await writeFile(path, expired);
  expect(await client.hook('before-tool', edit(file()))).toBe(null);
  await claim(dir, 'agent-b', 'api', true);
  expect(refusal(await client.hook('before-tool', edit(file())))).toMatch(
    /agent-b \(since 2\d{3}-[\dT:.-]+Z\) holds it/,
  );
  await writeFile(path, expired);
  expect(refusal(await client.hook('before-tool', edit(file())))).toContain('you have lost it: agent-b (since');
});

test('a tool call is a sign of work, and has a lease renewed that nobody renews', async () => {
  await onBranch('api');
  const client = open('s-1');
  await client.hook('session-start');
  await client.shell('git coord claim api --ttl 2s');
  const path = join(dir, '.git/coord/held/api');
  const untilOf = async () => Number(/^until=(.*)$/m.exec(await readFile(path, 'utf8'))?.[1]);
  await writeFile(path, (await readFile(path, 'utf8')).replace(/"activeBootMs":[\d.]+/, '"activeBootMs":1'));
  const until = await untilOf();
  await waitFor(() => uptime() > until - 0.7, { what: 'most of the lease is over' });
  expect(await client.hook('after-tool', edit(file()))).toBe(null);
  expect(await readFile(path, 'utf8')).not.toContain('"activeBootMs":1,');
  await waitFor(async () => (await untilOf()) > until, { what: 'the lease is renewed' });
});

test('a session that ends gives back what has no commits, and says what it keeps', async () => {
  const client = open('s-1');
  await client.hook('session-start');
  await client.shell('git coord claim idle && git coord claim api');
  await onBranch('api');
  expect((await client.shell('git commit -qm x --allow-empty')).status).toBe(0);
  const { systemMessage } = await client.hook('session-end', { reason: 'other' });
  expect(systemMessage).toMatch(/given back: idle; kept until the deadline: api \(1 commit that hasn't landed/);
  const states = () =>
    withBook(dir, 'agent-b', async (book) => (await book.list()).tasks.map(({ id, state }) => `${id} ${state}`).sort());
  await waitFor(async () => (await states()).join() === 'api claimed,idle open', { what: 'idle is given back' });
});

test('without a recorded process the id of the shell is the id of the hook; what goes on behind acts for it', async () => {
  await onBranch('api');
  const client = open('s-1');
  const shell = { env: { CLAUDE_CODE_SESSION_ID: 's-1' } };
  expect((await client.shell('git coord claim api', shell)).status).toBe(0);
  expect(await client.hook('before-tool', edit(file()))).toBe(null);
  expect(await open('s-1', { tool: 'cursor' }).hook('session-end')).toBe(null);
  const { systemMessage } = await client.hook('session-end');
  expect(systemMessage).toBe('git coord: given back: api');
  const state = () => withBook(dir, 'agent-b', async (book) => (await book.show('api')).state);
  await waitFor(async () => (await state()) === 'open', { what: 'it is given back' });
});

test('what is no call, of no book, of another version or of a broken configuration refuses nothing', async () => {
  await onBranch('api');
  const client = open('s-1');
  for (const input of ['', 'x', '[]', '{"tool_name":"Edit"}'])
    expect(await client.shell(`printf %s '${input}' | git-coord hook claude-before-tool`)).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
  expect(await client.shell('git-coord hook claude-of-tomorrow </dev/null')).toMatchObject({ status: 0, stdout: '' });
  await writeFile(join(dir, '.coord.yml'), 'hooks: { polic: off }\n');
  expect((await client.hook('before-tool', edit(join(dir, '.coord.yml')))).systemMessage).toContain('polic');
  await writeFile(join(dir, '.coord.yml'), '');
  await onBranch('api');
  await rm(join(dir, '.git/coord/held'), { recursive: true, force: true });
  await mkdir(join(dir, '.git/coord'), { recursive: true });
  await writeFile(join(dir, '.git/coord/held'), 'no folder');
  for (const event of ['before-tool', 'after-tool', 'stop'] as const)
    expect((await client.hook(event, edit(file()))).systemMessage, event).toContain('ENOTDIR');
  await git(['init', '--quiet', join(scratch.dir, 'bare')], { cwd: dir });
  expect(await open('s-2', { cwd: join(scratch.dir, 'bare') }).hook('session-start')).toBe(null);
  expect(await open('s-3', { cwd: scratch.dir }).hook('session-start')).toBe(null);
});

test.each(['codex', 'gemini', 'cursor'])('%s is refused in its own words', async (tool) => {
  await onBranch('api');
  const client = open('s-1', { tool });
  expect(JSON.stringify(await client.hook('session-start'))).toContain('Run git coord prime first');
  await waitFor(async () => JSON.stringify(await client.hook('session-start')).includes('You are agent agent-a'), {
    what: 'the book is read after the first answer',
  });
  const call = { tool_name: 'apply_patch', tool_input: { command: '*** Update File: work\n' } };
  expect(JSON.stringify(await client.hook('before-tool', call))).toMatch(/"(deny)".*claim api|claim api.*"deny"/);
  await client.shell('git coord claim api');
  expect(await client.hook('before-tool', call)).toBe(null);
  expect(await readdir(join(dir, '.git/coord/sessions'))).toHaveLength(1);
});

test('the guard answers in three starts of Node', async () => {
  const script =
    "import('./test/bench/hooks.mjs').then(({ benchHooks }) => console.log(JSON.stringify(benchHooks({ rounds: 9 }))))";
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const ran = await run(process.execPath, ['-e', script], root, process.env);
  const { node, guard, guardRefuses } = JSON.parse(ran.stdout);
  expect(guard / node).toBeLessThan(3);
  expect(guardRefuses / node).toBeLessThan(3);
}, 120_000);
