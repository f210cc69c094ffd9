// Whose claim it is that an MCP server makes: that of the tool which started it, so that the tool's shell and hooks hold it too.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recordSession } from '../../src/config/sessions.ts';
import { cli, cliJson } from '../helpers/cli.ts';
import { coord, makeBookClone, run } from '../helpers/hook-repo.ts';
import { closeClients, connectMcp } from '../helpers/mcp.ts';
import { git, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let dir: string;
const agent = { COORD_AGENT: 'agent-a', COORD_DAEMON: 'off' };

beforeEach(async () => {
  scratch = await makeScratch();
  dir = join(scratch.dir, 'clone');
  await makeBookClone(dir);
  expect((await coord(dir, { ...process.env, ...agent }, 'hooks', 'install')).status).toBe(0);
  await git(['checkout', '--quiet', '-b', 'task/build-api'], { cwd: dir });
});
afterEach(async () => {
  await closeClients();
  await scratch.remove();
});

const typed = (env: NodeJS.ProcessEnv, ...args: string[]) => cliJson(args, { cwd: dir, env: { ...agent, ...env } });
const commit = (env: NodeJS.ProcessEnv) =>
  run('git', ['commit', '--allow-empty', '-m', 'work'], dir, { ...process.env, ...agent, ...env });
const named = (session: string) => ({ CLAUDE_CODE_SESSION_ID: session });
/** This process is the tool: the server, the shell and the hooks are its children. */
const recordTool = () =>
  recordSession(join(dir, '.git/coord'), { session: 'the-tool', agent: 'agent-a', pid: process.pid, tool: 'claude' });

test('a tool that gave its server another session id is one session: its shell commits, another session gets 4', async () => {
  const { call } = await connectMcp(dir, { ...agent, ...named('of-the-server') });
  // the hook that tells which process the tool is may run after the server has started
  expect(await recordTool()).toBe(true);
  expect((await commit(named('of-the-shell'))).stderr).toContain('build-api is not claimed');
  expect((await call('claim', { id: 'build-api' })).data.claim).toMatchObject({ session: 'the-tool', mine: true });
  expect((await commit(named('of-the-shell'))).status).toBe(0);
  expect((await typed(named('of-the-shell'), 'claim', 'build-api')).data.via).toBe('already-mine');
  const other = await typed({ COORD_SESSION: 'another-tool' }, 'claim', 'build-api');
  expect([other.status, other.error?.code]).toEqual([4, 'held']);
  expect((await commit({ COORD_SESSION: 'another-tool' })).status).toBe(1);
  const second = await connectMcp(dir, { ...agent, COORD_SESSION: 'another-tool' });
  expect((await second.call('claim', { id: 'build-api' })).error?.code).toBe('held');
  expect((await second.call('done', { id: 'build-api' })).error?.code).toBe('held');
  expect((await call('done', { id: 'build-api' })).data.state).toBe('done');
});

test('hook JSON and MCP: claim, edit, commit, land, each refused without the claim', async () => {
  /** As the tool runs it: the server was given another id than hooks and shell. */
  const hook = async (event: string, input: object = {}) => {
    const all = { session_id: 'of-the-hooks', cwd: dir, hook_event_name: event, ...input };
    const ran = await cli(['hook', `claude-${event}`], { cwd: dir, env: agent, input: JSON.stringify(all) });
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    return ran.stdout === '' ? null : JSON.parse(ran.stdout).hookSpecificOutput;
  };
  const edit = () => hook('before-tool', { tool_name: 'Edit', tool_input: { file_path: join(dir, 'readme') } });
  await hook('session-start', { source: 'startup' });
  const { call } = await connectMcp(dir, { ...agent, ...named('of-the-server') });
  expect((await call('status')).data.session).toBe('of-the-hooks');
  expect(await edit()).toMatchObject({
    permissionDecision: 'deny',
    permissionDecisionReason: expect.stringContaining('claim build-api'),
  });
  expect((await commit(named('of-the-shell'))).status).toBe(1);
  expect((await call('land', { id: 'build-api' })).error?.code).toBe('not-found');

  await call('claim', { id: 'build-api' });
  expect(await edit()).toBe(null);
  expect((await commit(named('of-the-shell'))).status).toBe(0);
  const other = await connectMcp(dir, { ...agent, COORD_SESSION: 'another-tool' });
  expect((await other.call('land', { id: 'build-api' })).error?.code).toBe('held');
  expect((await call('land', { id: 'build-api' })).data).toMatchObject({ task: { state: 'done' } });
  expect(await edit()).toMatchObject({ permissionDecision: 'deny' });
});

test.each([
  ['the id of its session', named('shared'), 'shared'],
  ['nothing', {}, /^s-/],
])('a tool that tells its children %s: server and shell are of one session', async (_what, env, session) => {
  const { call } = await connectMcp(dir, { ...agent, ...env });
  expect((await call('claim', { id: 'build-api' })).data.claim.session).toMatch(session);
  expect((await typed(env, 'claim', 'build-api')).data.via).toBe('already-mine');
  expect((await commit(env)).status).toBe(0);
});

test('--agent of the server goes for all its calls', async () => {
  const { call } = await connectMcp(dir, { COORD_DAEMON: 'off' }, ['--agent', 'agent-z']);
  expect((await call('status')).data.agent).toBe('agent-z');
});
