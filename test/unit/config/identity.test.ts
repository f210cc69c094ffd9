import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bootId, machineId, monotonicMs, sinceBootMs, timeNamespace } from '../../../src/config/boot.ts';
import {
  generateAgentId,
  type IdentityFacts,
  parseSession,
  resolveIdentity,
  sanitizeSession,
} from '../../../src/config/identity.ts';
import { identityPath, worktreeIdentity, writeWorktreeIdentity } from '../../../src/config/identity-file.ts';
import { findAncestorSession, processFacts, recordSession, sessionsDir } from '../../../src/config/sessions.ts';
import { whoAmI } from '../../../src/config/who.ts';
import { isId } from '../../../src/domain/ids.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coord-identity-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const facts = (more: Partial<IdentityFacts> = {}): IdentityFacts => ({
  agentFlag: undefined,
  env: {},
  gitConfig: new Map(),
  ancestorSession: null,
  given: async () => null,
  worktree: async () => ({ agent: 'own', session: 's-own' }),
  ...more,
});

test('the agent is the first that names one', async () => {
  const gitConfig = new Map([['coord.agent', ['Configured']]]);
  const env = { COORD_AGENT: 'Variable' };
  expect(await resolveIdentity(facts({ agentFlag: 'Flag', env, gitConfig }))).toMatchObject({
    agent: 'flag',
    agentFrom: 'flag',
  });
  expect(await resolveIdentity(facts({ env, gitConfig }))).toMatchObject({
    agent: 'variable',
    agentFrom: 'environment',
  });
  expect(await resolveIdentity(facts({ gitConfig }))).toMatchObject({ agent: 'configured', agentFrom: 'git config' });
  const given = async () => ({ agent: 'starter' });
  expect(await resolveIdentity(facts({ gitConfig, given }))).toMatchObject({ agent: 'starter', agentFrom: 'worktree' });
  expect(await resolveIdentity(facts())).toMatchObject({ agent: 'own', agentFrom: 'worktree' });
});

test('the session is the first that names one', async () => {
  const tool = { CLAUDE_CODE_SESSION_ID: 'tool 1' };
  const all = facts({ env: { ...tool, COORD_SESSION: 'mine' }, ancestorSession: 'above' });
  expect(await resolveIdentity(all)).toMatchObject({ session: 'mine', sessionFrom: 'environment' });
  expect(await resolveIdentity(facts({ env: tool, ancestorSession: 'above' }))).toMatchObject({
    session: 'above',
    sessionFrom: 'process',
  });
  expect(await resolveIdentity(facts({ env: tool }))).toMatchObject({ session: 'tool-1', sessionFrom: 'tool' });
  expect(await resolveIdentity(facts({ env: { CODEX_THREAD_ID: 'thread' } }))).toMatchObject({ session: 'thread' });
  expect(await resolveIdentity(facts())).toMatchObject({ session: 's-own', sessionFrom: 'worktree' });
});

test('names that were given and are none are refused', async () => {
  await expect(resolveIdentity(facts({ agentFlag: 'a/b' }))).rejects.toMatchObject({ code: 'bad-id' });
  await expect(resolveIdentity(facts({ env: { COORD_SESSION: 'a b' } }))).rejects.toMatchObject({ code: 'bad-id' });
  expect(() => parseSession('x'.repeat(129))).toThrow();
  expect(sanitizeSession('\n../x')).toBe('s-..-x');
});

test.each([
  ['root', 'box.example.org', 'root-box-0000'],
  ['Jürgen Groß', 'MÄC', 'j-rgen-gro-m-c-0000'],
  ['', '', 'agent-host-0000'],
  ['x'.repeat(80), 'y'.repeat(80), `${'x'.repeat(24)}-${'y'.repeat(24)}-0000`],
])('%s on %s is called %s', (user, host, id) => {
  expect(generateAgentId(user, host, () => 0)).toBe(id);
  expect(isId(id)).toBe(true);
});

let made = 0;
const request = (gitDir: string, more: { machine?: string; agent?: string | null } = {}) => ({
  gitDir,
  machine: 'm1',
  agent: null,
  generate: () => ({ agent: `agent-${++made}`, session: `s-${made}` }),
  ...more,
});

test('a worktree keeps its identity in lines that a shell can read', async () => {
  const first = await worktreeIdentity(request(root));
  expect(await worktreeIdentity(request(root))).toEqual(first);
  expect(readFileSync(identityPath(root), 'utf8')).toMatch(
    new RegExp(`^agent=${first.agent}\nsession=${first.session}\nmachine=m1\ninode=\\d+\n$`),
  );
  expect(readdirSync(root)).toEqual(['coord-identity']);
});

test('a copied clone, or one on another machine, is another agent', async () => {
  const original = join(root, 'a');
  mkdirSync(original);
  const first = await worktreeIdentity(request(original));
  cpSync(original, join(root, 'b'), { recursive: true });
  const copy = await worktreeIdentity(request(join(root, 'b')));
  expect(copy.agent).not.toBe(first.agent);
  expect(copy.session).not.toBe(first.session);
  expect((await worktreeIdentity(request(original, { machine: 'm2' }))).agent).not.toBe(first.agent);
});

test('a configured agent is kept in the file too, with the session that was there', async () => {
  const first = await worktreeIdentity(request(root));
  expect(await worktreeIdentity(request(root, { agent: 'chosen' }))).toEqual({
    agent: 'chosen',
    session: first.session,
  });
  expect(readFileSync(identityPath(root), 'utf8')).toContain('agent=chosen\n');
  await writeWorktreeIdentity(root, 'm1', { agent: 'given', session: 's-given' });
  expect(await worktreeIdentity(request(root))).toEqual({ agent: 'given', session: 's-given' });
});

test('a corrupt file is made anew, and a lock that was left behind does not block', async () => {
  writeFileSync(identityPath(root), 'agent=../x\n\0\n');
  const lock = `${identityPath(root)}.lock`;
  writeFileSync(lock, '');
  utimesSync(lock, new Date(0), new Date(0));
  expect((await worktreeIdentity(request(root))).agent).toMatch(/^agent-/);
});

test('first commands that run at once agree', async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, () => worktreeIdentity(request(root))));
  expect(new Set(answers.map((answer) => answer.agent)).size).toBe(1);
});

test.skipIf(!existsSync('/proc/self'))(
  'a git folder that cannot be written is unavailable, unless names were given',
  async () => {
    await expect(worktreeIdentity(request('/proc/self'))).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('$COORD_AGENT'),
    });
    const clone = { gitDir: '/proc/self', coordDir: root, gitConfig: new Map<string, readonly string[]>() };
    const env = { COORD_AGENT: 'a', COORD_SESSION: 's' };
    expect(await whoAmI({ clone, env, agentFlag: undefined, pid: process.pid, random: () => 0 })).toMatchObject({
      agent: 'a',
    });
  },
);

test.skipIf(processFacts(process.pid) === null)('the nearest recorded ancestor says which session it is', async () => {
  const coordDir = join(root, 'coord');
  expect(await findAncestorSession(coordDir, process.pid)).toBeNull();
  const parent = process.ppid;
  expect(await recordSession(coordDir, { session: 's-1', agent: 'a', pid: parent, tool: 'x (y) z' })).toBe(true);
  expect(await findAncestorSession(coordDir, process.pid)).toMatchObject({
    session: 's-1',
    agent: 'a',
    pid: parent,
    tool: 'x (y) z',
  });
  const clone = { gitDir: root, coordDir, gitConfig: new Map<string, readonly string[]>() };
  const env = { CLAUDE_CODE_SESSION_ID: 'other', COORD_AGENT: 'me' };
  expect(await whoAmI({ clone, env, agentFlag: undefined, pid: process.pid, random: () => 0 })).toMatchObject({
    agent: 'me',
    session: 's-1',
  });
  expect(readdirSync(root)).toEqual(['coord']);
  // a pid that was used again
  const path = join(sessionsDir(coordDir), String(parent));
  writeFileSync(path, readFileSync(path, 'utf8').replace(/start=\d+/, 'start=1'));
  expect(await findAncestorSession(coordDir, process.pid)).toBeNull();
});

test.skipIf(processFacts(process.pid) === null)('entries of processes that ended go with the next one', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  await recordSession(root, { session: 's-1', agent: 'a', pid: child.pid ?? 0, tool: 't' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await recordSession(root, { session: 's-2', agent: 'a', pid: process.pid, tool: 't' });
  expect(readdirSync(sessionsDir(root))).toEqual([String(process.pid)]);
  expect(await recordSession(root, { session: 's-3', agent: 'a', pid: child.pid ?? 0, tool: 't' })).toBe(false);
});

test('boot, machine and clocks', async () => {
  expect(bootId()).toBe(bootId());
  expect(machineId()).toMatch(/^[A-Za-z0-9.-]+$/);
  expect(timeNamespace()).not.toBe('');
  expect(sinceBootMs()).toBeGreaterThan(0);
  const before = monotonicMs();
  const { stdout } = await promisify(execFile)(process.execPath, ['-p', 'process.hrtime.bigint() / 1000n']);
  const there = Number(stdout.trim().replace('n', '')) / 1000;
  expect(there).toBeGreaterThanOrEqual(before);
  expect(there).toBeLessThanOrEqual(monotonicMs());
});
