// What `init` finds in a project, and what it says and writes of that; a dry run leaves all as it is.

import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { command } from '../helpers/command.ts';
import { writeFiles } from '../helpers/gate-projects.ts';
import { git, makeBareRepo, makeClone, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let bare: string;
let clone: string;

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  clone = await makeClone(bare, join(scratch.dir, 'a'));
});
afterEach(() => scratch.remove());

const init = (args: readonly string[] = [], cwd = clone, agent = 'anna') =>
  command(['init', '--json', ...args], { cwd, env: { COORD_AGENT: agent } });
const text = async (args: readonly string[] = []) => (await command(['init', ...args], { cwd: clone })).stdout;

/** Everything that is anywhere: files with their content, and refs. */
async function everything(): Promise<string[]> {
  const files = (await readdir(scratch.dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  const lines = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return `${path} ${(await readFile(path)).toString('base64')}`;
  });
  const refs = [bare, clone].map((cwd) => git(['for-each-ref'], { cwd }));
  return [...(await Promise.all(lines)).sort(), ...(await Promise.all(refs))];
}

const project = {
  'package.json': JSON.stringify({ scripts: { test: 'vitest run', build: 'tsc', lint: 'eslint .' } }),
  'pnpm-lock.yaml': '',
  'CLAUDE.md': '# Rules\n',
  'AGENTS.md': '# Rules\n',
  '.cursor/rules/a.mdc': '',
  '.gemini/settings.json': '{}',
  '.codex/config.toml': '',
  '.husky/pre-commit': 'npm test\n',
  'lefthook.yml': '',
  '.pre-commit-config.yaml': 'repos: []\n',
  '.beads/issues.jsonl': '',
  'backlog/tasks/task-1 - A.md': '',
  '.taskmaster/tasks/tasks.json': '{}',
  '.claude/coordination/claims/a.claim': '{}',
  '.claude/coordination/agents/x.active': '{}',
  'docker-compose.yml': 'services:\n  queue:\n    image: redis:7-alpine\n',
};

describe('the checklist', () => {
  test('names what a project has', async () => {
    await writeFiles(clone, project);
    await git(['config', 'core.hooksPath', '.githooks'], { cwd: clone });
    const { data } = await init(['--local']);
    expect(data.checklist).toMatchObject({
      repository: { bare: false, shallow: false },
      remotes: [{ name: 'origin', url: bare, host: null }],
      project: { types: ['node'], test: ['pnpm run test'], build: ['pnpm run build'], lint: ['pnpm run lint'] },
      hooks: { state: 'missing', path: '.githooks' },
      configFile: null,
    });
    const names = (found: { name: string }[]) => found.map(({ name }) => name);
    expect(names(data.checklist.hooks.managers)).toEqual(['husky', 'lefthook', 'pre-commit']);
    expect(names(data.checklist.tools)).toEqual(['claude', 'agents-md', 'cursor', 'gemini', 'codex']);
    expect(data.checklist.others).toEqual([
      { name: 'beads', paths: ['.beads'], source: '.beads/issues.jsonl', agents: null },
      { name: 'Backlog.md', paths: ['backlog/tasks'], source: 'backlog/tasks', agents: null },
      {
        name: 'Task Master',
        paths: ['.taskmaster/tasks/tasks.json'],
        source: '.taskmaster/tasks/tasks.json',
        agents: null,
      },
      { name: 'claim files', paths: ['.claude/coordination'], source: '.claude/coordination', agents: 1 },
      { name: 'Redis', paths: ['docker-compose.yml'], source: null, agents: null },
    ]);
    expect(data.next).toEqual([
      'git coord setup claude',
      'git coord import .beads/issues.jsonl',
      'git coord claim --next',
    ]);
  });

  test('offers to set up the tools that are in use, until they are', async () => {
    await writeFiles(clone, {
      'AGENTS.md': '# Rules\n',
      '.mcp.json': '{ no json',
      '.claude/settings.json': '{ nor this',
    });
    const offers = async () => {
      const { data } = await init();
      return [data.next, data.checklist.tools.map((tool: { state: string }) => tool.state)];
    };
    const begin = ['git coord ready', 'git coord claim --next'];
    await init();
    expect(await offers()).toEqual([
      ['git coord setup claude', ...begin],
      ['missing', 'missing'],
    ]);
    await writeFiles(clone, { '.mcp.json': '{}', '.claude/settings.json': '{}', '.gemini/settings.json': '{}' });
    expect(await command(['setup', 'claude'], { cwd: clone })).toMatchObject({ status: 0 });
    expect((await offers())[0]).toEqual(['git coord setup gemini', ...begin]);
    expect(await command(['setup', 'gemini'], { cwd: clone })).toMatchObject({ status: 0 });
    expect((await offers())[0]).toEqual([...begin, 'git coord status']);
    expect(await text()).toContain('tools    claude in .claude: set up\n');
    await writeFiles(clone, { '.claude/settings.json': '{}' });
    expect((await offers())[0]).toEqual(['git coord setup claude', ...begin]);
  });

  test('is said in lines, between the book and what to type next', async () => {
    await writeFiles(clone, project);
    const lines = (await text()).split('\n');
    expect(lines.slice(4, lines.indexOf('next'))).toEqual([
      'project  node; test: pnpm run test; build: pnpm run build; lint: pnpm run lint',
      'hooks    not installed: git coord hooks install (beside husky, lefthook, pre-commit)',
      'tools    claude in .claude, CLAUDE.md: git coord setup claude',
      'tools    agents-md in AGENTS.md: git coord setup agents-md',
      'tools    cursor in .cursor: git coord setup cursor',
      'tools    gemini in .gemini: git coord setup gemini',
      'tools    codex in .codex: git coord setup codex',
      'found    beads in .beads: git coord import .beads/issues.jsonl',
      'found    Backlog.md in backlog/tasks: git coord import backlog/tasks',
      'found    Task Master in .taskmaster/tasks/tasks.json: git coord import .taskmaster/tasks/tasks.json',
      'found    claim files in .claude/coordination, 1 agent at work by it: git coord import .claude/coordination',
      'found    Redis in docker-compose.yml: not needed for this',
      'config   no .coord.yml, defaults hold: git coord init --config writes one',
      '',
    ]);
  });

  test('of an empty project, and one of several kinds, with commands of its own', async () => {
    const { data } = await init(['--dry-run']);
    expect(data.checklist).toMatchObject({ project: { types: [], test: [] }, tools: [], others: [] });
    await writeFiles(clone, {
      'go.mod': '',
      'Cargo.toml': '',
      '.beads/metadata.json': '{}',
      'tasks/a.claim': '{}',
      '.coord.yml': 'quality:\n  test_command: "make \\e[2Jcheck"\n  lint_command: off\n',
      'compose.yaml': 'services:\n  web:\n    image: node:20 # no redis\n',
    });
    const said = await text(['--dry-run']);
    expect(said).toContain('project  go, rust; test: make check; build: go build -o /dev/null ./... and cargo build');
    expect(said).toContain('; no lint\n');
    expect(said).toContain('beads in .beads: no tasks in it; bd export -o .beads/issues.jsonl writes them');
    expect(said).toContain('claim files in tasks: git coord import tasks');
    expect(said).not.toContain('Redis');
  });

  test('of a bare repository: none', async () => {
    const { data } = await init(['--local'], bare);
    expect(data).toMatchObject({
      registered: true,
      checklist: { repository: { top: null, bare: true }, project: null },
    });
    expect(await init(['--config'], bare)).toMatchObject({ status: 2, error: { code: 'usage' } });
  });

  test('says whether the hooks are there, and hides passwords', async () => {
    await git(['remote', 'add', 'hub', 'https://me:secret@github.com/o/r.git'], { cwd: clone });
    await init();
    await command(['hooks', 'install'], { cwd: clone });
    const { data, stdout } = await init();
    expect(data.checklist.hooks.state).toBe('installed');
    expect(data.checklist.remotes[1]).toMatchObject({ name: 'hub', host: 'github.com' });
    expect(stdout).not.toContain('secret');
  });
});

describe('the agent', () => {
  test('is registered once; who joins sees who is there', async () => {
    expect((await init()).data).toMatchObject({ registered: true, agents: [] });
    const before = await git(['for-each-ref', 'refs/agents'], { cwd: bare });
    expect(before).toContain('refs/agents/anna');
    const other = await makeClone(bare, join(scratch.dir, 'b'));
    const joined = await init([], other, 'ben');
    expect(joined.data.agents).toMatchObject([{ id: 'anna', status: 'available', tasks: [] }]);
    expect((await init()).data).toMatchObject({ registered: true, agents: [{ id: 'ben' }] });
    expect(await git(['for-each-ref', 'refs/agents/anna'], { cwd: bare })).toBe(before);
  });

  test('keeps what it said it can do', async () => {
    await init();
    await command(['agent', 'register', '--capability', 'rust'], { cwd: clone, env: { COORD_AGENT: 'anna' } });
    await init();
    const { data } = await command(['agents', '--json'], { cwd: clone, env: { COORD_AGENT: 'anna' } });
    expect(data.agents).toMatchObject([{ id: 'anna', capabilities: ['rust'] }]);
  });
});

describe('.coord.yml', () => {
  const file = () => join(clone, '.coord.yml');

  test('is written with what was found when it is asked for, and never over another', async () => {
    await writeFiles(clone, { 'package.json': project['package.json'] });
    expect((await init()).data.config).toEqual({ path: null, written: false });
    expect((await init(['--config'])).data.config).toEqual({ path: '.coord.yml', written: true });
    const written = await readFile(file(), 'utf8');
    expect(written).toContain('  # test_command: auto_detect        # here: npm run --silent test\n');
    expect(written).toContain('  mode: remote  ');
    expect((await init(['--config'])).data.config).toEqual({ path: '.coord.yml', written: false });
    expect(await readFile(file(), 'utf8')).toBe(written);
    expect(await command(['status', '--json'], { cwd: clone })).toMatchObject({ status: 0, stderr: '' });
  });

  test('--yes writes it where the book begins, and not for those who join', async () => {
    expect((await init(['--yes'])).data.config.written).toBe(true);
    const other = await makeClone(bare, join(scratch.dir, 'b'));
    expect((await init(['--yes'], other)).data.config).toEqual({ path: null, written: false });
    expect(existsSync(join(other, '.coord.yml'))).toBe(false);
  });

  test('of several who begin at once with --yes, the one who made the book writes it', async () => {
    const clones = await Promise.all(['b', 'c'].map((name) => makeClone(bare, join(scratch.dir, name))));
    const all = await Promise.all([clone, ...clones].map((each, n) => init(['--yes'], each, `agent-${n}`)));
    for (const { data } of all) expect(data.config.written).toBe(!data.joined);
    expect(all.filter(({ data }) => data.config.written)).toHaveLength(1);
  });

  test('the file that coordination plans use stays the one that counts', async () => {
    await writeFiles(clone, { '.claude/workflow-config.yml': 'tasks:\n  retry_limit: 7\n' });
    const { data } = await init(['--yes', '--config']);
    expect(data.config).toEqual({ path: '.claude/workflow-config.yml', written: false });
  });
});

test('--dry-run writes nothing: no file, no ref, here and on the remote', async () => {
  await writeFiles(clone, project);
  const before = await everything();
  const said = await text(['--dry-run', '--yes', '--config']);
  expect(said).toContain(
    '\n  register this agent in the book\n  write .coord.yml, with every setting and its default\n',
  );
  expect((await init(['--dry-run', '--local'])).data).toMatchObject({ dryRun: true, registered: false, agent: null });
  expect(await everything()).toEqual(before);
  await init();
  await writeFile(join(clone, 'new'), '');
  const later = await everything();
  await init(['--dry-run', '--config']);
  expect(await everything()).toEqual(later);
});
