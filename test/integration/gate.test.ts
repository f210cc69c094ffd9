// What a gate does with commands, files and tools that are not as they should be.
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runGates } from '../../src/index.ts';
import { cli, cliJson, startCli } from '../helpers/cli.ts';
import { writeFiles } from '../helpers/gate-projects.ts';
import { commitAll, git, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let scratch: Scratch;
let dir: string;
beforeEach(async () => {
  scratch = await makeScratch();
  dir = join(scratch.dir, 'project');
  await git(['init', '--quiet', dir], { cwd: scratch.dir });
  await writeFiles(dir, { 'README.md': 'a project\n', 'old.js': 'export const a = 1;\n' });
  await commitAll(dir, 'Begin');
  await git(['checkout', '--quiet', '-b', 'task/x'], { cwd: dir });
});
afterEach(() => scratch.remove());

const complexJs = `function tangled(a) { return ${Array.from({ length: 20 }, (_, i) => `a === ${i}`).join(' || ')} }\n`;
/** Ends with whoever started it; nobody else's. */
const long = `sleep 86399.${process.pid}`;
/** In two pieces, so that this file has none. */
const token = `ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}`;

const configure = (...lines: string[]) => writeFiles(dir, { '.coord.yml': ['quality:', ...lines, ''].join('\n  ') });

interface Check {
  status: string;
  reason: string | null;
  durationMs: number;
  output: string;
}

/** Of the tools of this machine, not those of this repository: npm puts them on the path. */
const PATH = (process.env.PATH ?? '')
  .split(':')
  .filter((folder) => !folder.includes('node_modules'))
  .join(':');

async function gate(...args: string[]) {
  const answer = await cliJson(['gate', ...args], { cwd: dir, env: { PATH } });
  const all = (answer.data?.checks ?? []) as (Check & { name: string })[];
  return { ...answer, checks: Object.fromEntries(all.map((check) => [check.name, check])) as Record<string, Check> };
}

test('a project of no known type says of each check why it is skipped; only what needs no tool is done', async () => {
  const { status, data, checks } = await gate('--changed');
  expect({ status, ok: data.ok }).toEqual({ status: 0, ok: true });
  expect(data.checks.map((check: { name: string }) => check.name)).toEqual([
    'lint',
    'types',
    'tests',
    'build',
    'security',
    'complexity',
  ]);
  for (const name of ['lint', 'types', 'tests', 'build'])
    expect(checks[name]).toMatchObject({
      status: 'skipped',
      reason: 'no package.json, pyproject.toml, go.mod or Cargo.toml here',
    });
  expect(checks.complexity).toMatchObject({ status: 'skipped', reason: 'no JavaScript or TypeScript file to look at' });
  expect(checks.security?.status).toBe('skipped');
  await configure('required: [tests, security]');
  expect(await gate()).toMatchObject({
    status: 10,
    checks: {
      tests: { status: 'failed', reason: expect.stringContaining('required, but skipped') },
      security: { status: 'passed' },
    },
  });
  await configure('required: [nope]');
  expect(await gate()).toMatchObject({
    status: 2,
    error: {
      code: 'config',
      message: expect.stringContaining(
        'must be a list of lint, types, tests, build, security, complexity: it has "nope"',
      ),
    },
  });
});

test('a command of the configuration: what it prints is kept, its status decides, off is off', async () => {
  await configure(
    "lint_command: 'echo all well; echo badly >&2'",
    "test_command: 'echo a reason; exit 3'",
    'build_command: no-such-command-here',
    'type_check_command: off',
    'security_command: off',
    'complexity_max: off',
  );
  const { status, checks, error } = await gate();
  expect({ status, error: error?.message }).toEqual({ status: 10, error: 'the gate said no: build' });
  expect(checks.lint).toMatchObject({ status: 'passed', reason: null });
  expect(checks.lint?.output.split('\n').filter(Boolean).sort()).toEqual(['all well', 'badly']);
  expect(checks.build).toMatchObject({ status: 'failed', reason: expect.stringContaining('127') });
  expect(checks.tests).toMatchObject({ status: 'skipped', reason: 'not run: the build failed' });
  for (const name of ['types', 'security', 'complexity']) expect(checks[name]?.reason).toBe('off in the configuration');
  await configure("test_command: 'echo a reason; exit 3'");
  const text = await cli(['gate'], { cwd: dir });
  expect(text.status).toBe(10);
  expect(text.stdout).toMatch(/^tests +failed .*exit status 3$/m);
  expect(text.stdout).toContain('\ntests:\n  a reason\n');
});

describe('a command that', () => {
  const failing = async (command: string, timeout = '1m') => {
    await configure(`timeout: ${timeout}`, `test_command: ${JSON.stringify(command)}`);
    const { checks, status } = await gate();
    expect(status).toBe(10);
    return checks.tests as Check;
  };
  const processes = (word: string) =>
    execFileSync('ps', ['-eo', 'args'])
      .toString()
      .split('\n')
      .filter((line) => line.includes(word) && !line.includes('coord'));

  test('never ends, ignores SIGTERM and forks away is ended at its time limit, with what it started', async () => {
    const { reason, durationMs } = await failing(`trap '' TERM; setsid ${long} & ${long}`, '1s');
    expect(reason).toBe('stopped after 1 s, its time limit');
    expect(durationMs).toBeLessThan(10_000);
    expect(processes(long)).toEqual([]);
  });

  test('floods its output is kept in part: the beginning and the end', async () => {
    const { output, reason } = await failing('echo begin; yes | head -c 9000000; echo end; exit 4');
    expect(reason).toBe('exit status 4');
    expect(output).toMatch(/^begin\n[\s\S]*end\n?$/);
    expect(output.length).toBeLessThan(100_000);
  });

  test('is ended by a signal has failed', async () => {
    expect(await failing('kill -SEGV $$')).toMatchObject({ reason: 'ended by SIGSEGV' });
  });
});

test('interrupted, it ends what it runs, and itself by the signal', async () => {
  await configure(`test_command: touch started; ${long}`);
  const child = startCli(['gate'], { cwd: dir });
  await waitFor(async () => (await readdir(dir)).includes('started'), { what: 'the test command' });
  child.kill('SIGINT');
  const signal = await new Promise((resolve) => child.on('close', (_, by) => resolve(by)));
  expect(signal).toBe('SIGINT');
  expect(execFileSync('ps', ['-eo', 'args']).toString()).not.toContain(long);
});

describe('changed files', () => {
  test('are handed over as they are called; no name runs anything or is an option', async () => {
    const names = [
      '-rf',
      '$(touch hit)',
      '`touch hit`',
      'a b',
      "a'b",
      'a"b',
      'a\nb',
      '; touch hit',
      '*',
      'plain',
      '&& touch hit',
      '\\',
    ];
    await writeFiles(dir, Object.fromEntries(names.map((name) => [name, 'x\n'])));
    await git(['add', 'plain', '--', '-rf'], { cwd: dir });
    await git(['commit', '--quiet', '-m', 'Some of them'], { cwd: dir });
    await configure(`lint_command: 'printf "%s\\0" {files} > "$HOME/got"; cat -- {files}'`);
    const { checks } = await gate();
    expect(checks.lint).toMatchObject({ status: 'passed' });
    const got = (await readFile(join(process.env.HOME ?? '', 'got'), 'utf8')).split('\0').filter(Boolean);
    expect(got.sort()).toEqual([...names.filter((name) => name !== '-rf'), './-rf', '.coord.yml'].sort());
    expect(await readdir(dir)).not.toContain('hit');
  });

  test('in quotes are refused: there a name would be code', async () => {
    await configure(`lint_command: "lint '{files}'"`);
    expect(await gate()).toMatchObject({
      status: 2,
      error: { message: expect.stringContaining('must have {files} outside quotes') },
    });
  });

  test('none, or only deleted ones: skipped, and that is said', async () => {
    await git(['config', 'coord.quality.lintCommand', 'false {files}'], { cwd: dir });
    await git(['config', 'coord.quality.required', 'lint'], { cwd: dir });
    expect(await gate()).toMatchObject({
      status: 0,
      checks: { lint: { status: 'skipped', reason: 'no file has changed' } },
    });
    await rm(join(dir, 'old.js'));
    expect(await gate()).toMatchObject({
      status: 0,
      checks: { lint: { status: 'skipped', reason: 'the changed files are all deleted' } },
    });
  });

  test('are those since the merge base with the target, committed or not; without a target it says so', async () => {
    await git(['config', 'coord.quality.lintCommand', 'echo {files}'], { cwd: dir });
    await writeFiles(dir, { committed: 'x', '.gitignore': 'ignored\n', ignored: 'x' });
    await commitAll(dir, 'Work');
    await git(['checkout', '--quiet', 'main'], { cwd: dir });
    await writeFiles(dir, { theirs: 'x' });
    await commitAll(dir, 'Theirs');
    await git(['checkout', '--quiet', 'task/x'], { cwd: dir });
    await writeFiles(dir, { 'README.md': 'changed\n', untracked: 'x', staged: 'x' });
    await git(['add', 'staged'], { cwd: dir });
    await symlink('README.md', join(dir, 'link'));
    const { checks } = await gate();
    expect(checks.lint?.output.trim().split(' ').sort()).toEqual([
      '.gitignore',
      'README.md',
      'committed',
      'staged',
      'untracked',
    ]);
    await git(['branch', '--quiet', '-D', 'main'], { cwd: dir });
    expect(await gate()).toMatchObject({
      status: 3,
      error: { message: 'there is no branch main here to compare with' },
    });
  });
});

describe('complexity', () => {
  test('names file, line and function; with --changed only those that were touched', async () => {
    await writeFiles(dir, { 'old.js': complexJs });
    await commitAll(dir, 'Tangle');
    await git(['branch', '--quiet', '--force', 'main'], { cwd: dir });
    const whole = await gate();
    expect(whole).toMatchObject({
      status: 10,
      checks: { complexity: { status: 'failed', reason: 'a function is above 15' } },
    });
    expect(whole.checks.complexity?.output).toBe('old.js:1: tangled has a complexity of 20, above 15');
    await writeFiles(dir, { 'old.js': `${complexJs}export const simple = 1;\n` });
    expect(await gate('--changed')).toMatchObject({ status: 0, checks: { complexity: { status: 'passed' } } });
    await writeFiles(dir, { 'old.js': complexJs.replace('a === 1 ', 'a === 99 ') });
    expect(await gate('--changed')).toMatchObject({ status: 10, checks: { complexity: { status: 'failed' } } });
    await configure('complexity_max: 20');
    expect(await gate('--changed')).toMatchObject({ status: 0 });
  });

  test('what can’t be looked at is named, and breaks nothing', async () => {
    await writeFiles(dir, {
      'a.js': 'function (',
      'b.js': `// ${'x'.repeat(1024 * 1024)}`,
      'c.ts': 'x\0',
      'good.js': 'export const a = 1;\n',
    });
    await writeFiles(dir, { '.gitattributes': '*.js binary\n' });
    const { status, checks } = await gate('--changed');
    expect(status).toBe(0);
    expect(checks.complexity).toMatchObject({ status: 'passed' });
    expect(checks.complexity?.reason).toBe(
      'not looked at: a.js (line 1: Unexpected token), b.js (larger than 1 MiB), c.ts (binary)',
    );
    expect(checks.security?.reason).toContain('not looked at: b.js (larger than 1 MiB)');
  });
});

describe('secrets', () => {
  test('in changed lines fail, and are never printed', async () => {
    await writeFiles(dir, { 'old secret': `${token}\n` });
    await commitAll(dir, 'On the branch');
    await git(['branch', '--quiet', '--force', 'main'], { cwd: dir });
    expect(await gate('--changed')).toMatchObject({ status: 0 });
    await writeFiles(dir, { 'old secret': `${token}\nmore\n` });
    expect(await gate('--changed')).toMatchObject({ status: 0, checks: { security: { status: 'passed' } } });
    await writeFiles(dir, { '.gitattributes': '* -diff\n', 'old secret': `${token}\nmore\n${token}\n` });
    expect((await gate('--changed')).checks.security?.output).toMatch(/^old secret:3: /);
    await writeFiles(dir, { 'old secret': `${token}\nmore\n`, 'n"ew': `one\nkey = ${token}\n` });
    const { status, checks, stdout } = await gate('--changed');
    expect(status).toBe(10);
    expect(checks.security).toMatchObject({ status: 'failed', reason: 'secrets: a secret was found' });
    expect(checks.security?.output).toBe(
      'n\\"ew:2: looks like a secret: GITHUB_TOKEN (@secretlint/secretlint-rule-github)',
    );
    expect(stdout).not.toContain(token.slice(4, 16));
    expect((await gate()).checks.security?.reason).toBe('secrets: 2 secrets were found');
    await writeFiles(dir, { 'n"ew': `${token} # secretlint-disable-line\n` });
    expect(await gate('--changed')).toMatchObject({ status: 0 });
  });

  test('are looked for beside a command of one’s own', async () => {
    await configure('security_command: echo audited');
    await writeFiles(dir, { new: `${token}\n` });
    expect(await gate('--changed')).toMatchObject({
      status: 10,
      checks: { security: { status: 'failed', output: expect.stringContaining('audited') } },
    });
  });
});

test('a tool that was detected and is not here is skipped; an npm script without its tool too', async () => {
  await writeFiles(dir, {
    'package.json': JSON.stringify({ scripts: { lint: 'no-such-linter .', build: 'kill -9 $$' } }),
  });
  await writeFiles(dir, { 'biome.json': '{}', 'tsconfig.json': '{}' });
  const { checks } = await gate();
  expect(checks.lint).toMatchObject({ status: 'skipped', reason: expect.stringContaining('not found') });
  expect(checks.types).toMatchObject({ status: 'skipped' });
  expect(checks.build).toMatchObject({ status: 'failed' });
  await writeFiles(dir, { 'package.json': '{}' });
  expect((await gate()).checks).toMatchObject({
    lint: { status: 'skipped', reason: 'biome lint: biome was not found' },
    types: { status: 'skipped', reason: 'tsc: tsc was not found' },
    tests: { status: 'skipped', reason: 'package.json has no script test' },
  });
});

test('a linter that was detected gets the changed files alone', async () => {
  await writeFiles(dir, {
    'package.json': JSON.stringify({ scripts: { lint: 'eslint --flag .' } }),
    'node_modules/.bin/eslint': '#!/bin/sh\necho "$@"\n',
    '.gitignore': 'node_modules\n',
  });
  await chmod(join(dir, 'node_modules/.bin/eslint'), 0o755);
  await writeFiles(dir, { '-new.js': '', 'a.css': '' });
  expect((await gate('--changed')).checks.lint).toMatchObject({ status: 'passed', output: '--flag ./-new.js' });
  expect((await gate()).checks.lint).toMatchObject({ status: 'passed', output: '--flag .' });
  await rm(join(dir, '-new.js'));
  expect((await gate('--changed')).checks.lint).toMatchObject({
    status: 'skipped',
    reason: expect.stringContaining('none of its files has changed'),
  });
});

test('an audit whose registry is away is left out, and said so; one of unchanged dependencies is not made', async () => {
  const manifest = { name: 'a', version: '1.0.0', dependencies: { b: '1.0.0' } };
  const packages = { '': manifest, 'node_modules/b': { version: '1.0.0' } };
  await writeFiles(dir, {
    'package.json': JSON.stringify(manifest),
    'package-lock.json': JSON.stringify({ ...manifest, lockfileVersion: 3, packages }),
    '.npmrc': 'registry=http://127.0.0.1:9/\n',
  });
  const { status, checks } = await gate('--changed');
  expect(status).toBe(0);
  expect(checks.security).toMatchObject({ status: 'passed', reason: expect.stringMatching(/^npm audit: no answer: /) });
  await commitAll(dir, 'Depend on b');
  await git(['branch', '--quiet', '--force', 'main'], { cwd: dir });
  await writeFiles(dir, { new: 'x\n' });
  expect((await gate('--changed')).checks.security?.reason).toBe('npm audit: no dependency has changed');
});

describe('--junit', () => {
  test('writes the report, also of a failure', async () => {
    await configure('test_command: \'echo "<broken>"; exit 1\'');
    expect((await gate('--junit', '../report.xml')).status).toBe(10);
    const xml = await readFile(join(scratch.dir, 'report.xml'), 'utf8');
    expect(xml).toContain('failures="1"');
    expect(xml).toContain('<failure message="exit status 1"/><system-out>&lt;broken&gt;</system-out>');
  });

  test('where it can’t be written is told before anything has run', async () => {
    await configure('test_command: touch ran');
    await mkdir(join(scratch.dir, 'folder'));
    for (const place of ['../folder', '../nowhere/report.xml', 'README.md/report.xml']) {
      const answer = await gate('--junit', place);
      expect(answer, place).toMatchObject({
        status: 2,
        error: { code: 'usage', message: expect.stringContaining("the report can't be written to") },
      });
    }
    // only the writing tells of this one; what was found is shown all the same
    expect(await gate('--junit', '/dev/full')).toMatchObject({
      status: 2,
      data: { ok: true },
      checks: { tests: { status: 'passed' } },
    });
  });
});

test('the library gives the same, and can be stopped', async () => {
  await configure("test_command: 'echo {files}'", 'complexity_max: off');
  await writeFile(join(dir, 'new'), 'x');
  const seen: string[] = [];
  const { ok, checks } = await runGates({ dir, changed: true, onCheck: ({ name }) => seen.push(name) });
  expect(ok).toBe(true);
  expect(checks.find(({ name }) => name === 'tests')).toMatchObject({ status: 'passed', output: '.coord.yml new' });
  expect(seen.sort()).toEqual(checks.map(({ name }) => name).sort());
  await configure(`test_command: ${long}`, 'complexity_max: off');
  const stopped = await runGates({ dir, signal: AbortSignal.timeout(300) });
  expect(stopped.checks.find(({ name }) => name === 'tests')).toMatchObject({ status: 'failed', reason: 'stopped' });
  await expect(runGates({ dir: scratch.dir })).rejects.toMatchObject({ code: 'not-found' });
});
