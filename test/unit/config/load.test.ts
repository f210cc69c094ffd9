import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ConfigSources, defaultConfig, loadConfig } from '../../../src/config/load.ts';
import { environmentKey, gitKey, settings } from '../../../src/config/settings.ts';
import type { CoordError } from '../../../src/errors.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coord-config-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}
const load = (more: Partial<ConfigSources> = {}) => loadConfig({ root, gitConfig: new Map(), env: {}, ...more });
const git = (entries: Record<string, string>) => new Map(Object.entries(entries).map(([key, value]) => [key, [value]]));

async function problemsOf(loading: Promise<unknown>): Promise<string[]> {
  const error = await loading.then(
    () => null,
    (reason: CoordError) => reason,
  );
  expect(error?.code).toBe('config');
  return (error?.data as { problems: string[] } | undefined)?.problems ?? [];
}

test('the defaults are those of the documentation', async () => {
  const { config, warnings } = await load();
  expect(config).toEqual(defaultConfig());
  expect(config.coordination).toEqual({
    mode: 'auto',
    remote: 'origin',
    prefix: 'refs/',
    claimTtlMs: 'auto',
    heartbeatIntervalMs: 'auto',
    pollIntervalMs: 'auto',
    daemon: 'auto',
    onLeaseLost: 'stop',
    mirror: 'claims',
  });
  expect(config.tasks.timeoutMs).toBe(1_800_000);
  expect(config.history).toEqual({ archiveAfterMs: 604_800_000, archiveAbove: 500 });
  expect(warnings).toEqual([]);
});

test('each layer goes over the one before, and says where a value comes from', async () => {
  put('.coord.yml', '# shared\ncoordination:\n  claim_ttl: 30s\n  daemon: off\nhooks: { policy: warn }\n');
  const first = await load();
  expect(first.config.coordination.claimTtlMs).toBe(30_000);
  expect(first.config.coordination.daemon).toBe('off');
  expect(first.origins.get('coordination.claim_ttl')?.place).toBe('.coord.yml:3');
  const gitConfig = git({ 'coord.claimttl': '40s', 'coord.hooks.policy': 'off' });
  const second = await load({ gitConfig });
  expect(second.config.coordination.claimTtlMs).toBe(40_000);
  expect(second.config.hooks.policy).toBe('off');
  const third = await load({ gitConfig, env: { COORD_CLAIM_TTL: '50s', COORD_HOOKS_POLICY: 'require' } });
  expect(third.config.coordination.claimTtlMs).toBe(50_000);
  expect(third.config.hooks.policy).toBe('require');
  const fourth = await load({ env: { COORD_CLAIM_TTL: '50s' }, flags: { 'coordination.claim_ttl': 60_000 } });
  expect(fourth.config.coordination.claimTtlMs).toBe(60_000);
  expect(fourth.origins.get('coordination.claim_ttl')?.layer).toBe('flag');
});

test('all problems are reported at once, each with its line', async () => {
  put(
    '.coord.yml',
    'coordination:\n  claim_tll: 20s\n  poll_interval: 30\n  mirror: some\ntask:\n  timeout: 3m\ntasks:\n  retry_limit: many\n  claim_ttl: 3s\n',
  );
  expect(await problemsOf(load({ env: { COORD_LAND_ATTEMPTS_MAX: '1.5' } }))).toEqual([
    '.coord.yml:2: no such key: coordination.claim_tll (did you mean claim_ttl?)',
    '.coord.yml:3: coordination.poll_interval has no unit: write 30s for seconds or 30m for minutes',
    '.coord.yml:4: coordination.mirror must be one of claims, none, not "some"',
    '.coord.yml:5: no such section: task (did you mean tasks?)',
    '.coord.yml:8: tasks.retry_limit must be a whole number from 0 to 1000, not "many"',
    '.coord.yml:9: no such key: tasks.claim_ttl (did you mean coordination.claim_ttl?)',
    '$COORD_LAND_ATTEMPTS_MAX must be a whole number from 1 to 100, not "1.5"',
  ]);
});

test('broken YAML names its line, and an empty file says nothing', async () => {
  put('.coord.yml', 'coordination:\n  mode: auto\n  mode: local\n');
  expect((await problemsOf(load()))[0]).toMatch(/^\.coord\.yml:3: /);
  put('.coord.yml', '- a\n');
  expect((await problemsOf(load()))[0]).toMatch(/^\.coord\.yml:1: must hold sections/);
  for (const text of ['', '# nothing\n', 'coordination:\n']) {
    put('.coord.yml', text);
    expect((await load()).config).toEqual(defaultConfig());
  }
});

test('which book is used stands in git config alone; a difference is warned of', async () => {
  put('.coord.yml', 'coordination:\n  mode: remote\n  remote: upstream\n  prefix: refs/heads/coord/\n');
  const before = await load({ env: { COORD_REMOTE: 'other' } });
  expect(before.config.coordination).toMatchObject({ mode: 'auto', remote: 'origin', prefix: 'refs/' });
  expect(before.fileBook).toEqual({ mode: 'remote', remote: 'upstream', prefix: 'refs/heads/coord/' });
  expect(before.warnings).toEqual([
    '$COORD_REMOTE is not read: which book this clone uses stands in git config coord.remote',
  ]);
  const after = await load({
    gitConfig: git({ 'coord.mode': 'remote', 'coord.remote': 'origin', 'coord.prefix': 'refs/heads/coord/' }),
  });
  expect(after.config.coordination.prefix).toBe('refs/heads/coord/');
  expect(after.warnings).toHaveLength(1);
  expect(after.warnings[0]).toContain('.coord.yml:3 says remote: upstream, but this clone uses origin');
});

test('an unknown key in git config is warned of by its nearest', async () => {
  const { warnings } = await load({
    gitConfig: git({ 'coord.claimtl': '20s', 'coord.agent': 'me', 'core.bare': 'false' }),
  });
  expect(warnings).toEqual(['git config coord.claimtl is no setting; did you mean coord.claimTtl?']);
});

test('the interval must fit the ttl', async () => {
  put('.coord.yml', 'coordination:\n  claim_ttl: 60s\n  heartbeat_interval: 30s\n');
  expect(await problemsOf(load())).toEqual([
    '.coord.yml:3: coordination.heartbeat_interval must lie from 7s500ms to 20s (an eighth to a third of claim_ttl, 1m), not at 30s',
  ]);
  put('.coord.yml', 'coordination:\n  claim_ttl: 25h\n');
  expect(await problemsOf(load())).toEqual([
    '.coord.yml:2: coordination.claim_ttl must lie between 1s and 1d, not at 25h',
  ]);
});

const older = `coordination:
  mode: Redis
  redis_url: redis://localhost:6379
  heartbeat_interval: 30
  claim_ttl: 300
tasks:
  priority_queue: tasks:priority
  assignment_strategy: SKILL_BASED
  timeout: 1800
monitoring:
  log_level: INFO
  unknown_key: 1
project:
  type: auto_detect
  test_command: make test
`;

test('the older file is read in its own way, and only where there is no .coord.yml', async () => {
  put('.claude/workflow-config.yml', older);
  const { config, notices, fileBook } = await load();
  expect(config.coordination).toMatchObject({ mode: 'auto', claimTtlMs: 300_000, heartbeatIntervalMs: 37_500 });
  expect(config.tasks).toMatchObject({ assignmentStrategy: 'skill_based', timeoutMs: 1_800_000 });
  expect(config.monitoring.logLevel).toBe('info');
  expect(config.quality).toMatchObject({ type: 'auto_detect', testCommand: 'make test' });
  expect(fileBook).toEqual({});
  expect(notices.map((notice) => notice.replace(/^\.claude\/workflow-config\.yml:(\d+).*/, '$1'))).toEqual([
    '2',
    '3',
    '7',
    '12',
    '4',
  ]);
  put('.coord.yml', 'hooks:\n  policy: off\n');
  expect((await load()).config.tasks.assignmentStrategy).toBe('priority');
});

test('lists come as YAML lists, comma lists or several git values', async () => {
  put('.coord.yml', 'agents:\n  specializations: [a, b]\nquality:\n  required: lint\n');
  expect(await problemsOf(load())).toEqual(['.coord.yml:4: quality.required must be a list, as [a, b], not "lint"']);
  put('.coord.yml', 'agents:\n  specializations: [a, b]\n');
  expect((await load()).config.agents.specializations).toEqual(['a', 'b']);
  const gitConfig = new Map([['coord.agents.specializations', ['c', 'd']]]);
  expect((await load({ gitConfig })).config.agents.specializations).toEqual(['c', 'd']);
  expect((await load({ env: { COORD_AGENTS_SPECIALIZATIONS: 'e, f' } })).config.agents.specializations).toEqual([
    'e',
    'f',
  ]);
});

test('no two settings share a key in git or the environment', () => {
  expect(new Set(settings.map((setting) => gitKey(setting).toLowerCase())).size).toBe(settings.length);
  expect(new Set(settings.map(environmentKey)).size).toBe(settings.length);
  for (const setting of settings)
    expect(['COORD_AGENT', 'COORD_SESSION', 'COORD_OWNER_PID', 'COORD_BYPASS', 'COORD_DEBUG']).not.toContain(
      environmentKey(setting),
    );
});

test.each(['refs', 'refs/../x/', 'heads/', 'refs/a.lock/', 'refs/-a/'])('prefix %s is refused', async (prefix) => {
  expect(await problemsOf(load({ gitConfig: git({ 'coord.prefix': prefix }) }))).toHaveLength(1);
});

test('what gates are to do: off, required checks by name, {files} where the shell takes names', async () => {
  put(
    '.coord.yml',
    'quality:\n  complexity_max: off\n  required: [tests, security]\n  lint_command: \'lint \\"x\\" {files}\'\n',
  );
  expect((await load()).config.quality).toMatchObject({ complexityMax: 'off', required: ['tests', 'security'] });
  put(
    '.coord.yml',
    'quality:\n  complexity_max: none\n  required: [tests, tets]\n  lint_command: "lint \'{files}\'"\n',
  );
  expect(await problemsOf(load({ env: { COORD_QUALITY_TEST_COMMAND: 'sh -c "x {files}"' } }))).toEqual([
    '.coord.yml:2: quality.complexity_max must be a whole number from 1 to 1000, or off, not "none"',
    '.coord.yml:3: quality.required must be a list of lint, types, tests, build, security, complexity: it has "tets" (did you mean tests?)',
    `.coord.yml:4: quality.lint_command must have {files} outside quotes, not "lint '{files}'"`,
    '$COORD_QUALITY_TEST_COMMAND must have {files} outside quotes, not "sh -c \\"x {files}\\""',
  ]);
  for (const command of [`a "it's" {files}`, `a \\' {files}`, `a 'x\\' {files}`, '{files}'])
    expect(
      (await load({ env: { COORD_QUALITY_LINT_COMMAND: command } }).catch(() => null))?.config,
      command,
    ).toBeUndefined();
});

test('a file of several documents is refused: the second would be passed over', async () => {
  put('.coord.yml', 'land:\n  attempts_max: 3\n---\nhooks:\n  policy: off\n');
  expect(await problemsOf(load())).toEqual([
    '.coord.yml:3: a second document begins here; only one is read from a file',
  ]);
  put('.coord.yml', 'land:\n  attempts_max: 3\n---\n');
  expect((await load()).config.land.attemptsMax).toBe(3);
});
