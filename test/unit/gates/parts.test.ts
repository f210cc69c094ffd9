import { describe, expect, test } from 'vitest';
import { changedLines, touches } from '../../../src/worker/gates/changed-lines.ts';
import { checkResult, isOff, type PartResult } from '../../../src/worker/gates/checks.ts';
import { complexityPart } from '../../../src/worker/gates/complexity-part.ts';
import { asPath, shellArguments } from '../../../src/worker/gates/file-names.ts';
import { junitXml } from '../../../src/worker/gates/junit.ts';
import { readCommand, readTool } from '../../../src/worker/gates/read-ending.ts';
import { secretsPart } from '../../../src/worker/gates/secrets-part.ts';
import type { Reader } from '../../../src/worker/gates/steps.ts';
import { lastingWords, skippedWords } from '../../../src/worker/gates/words.ts';
import type { Ending } from '../../../src/worker/supervise.ts';

const part = (status: PartResult['status'], more: Partial<PartResult> = {}): PartResult => ({
  label: '',
  status,
  reason: status === 'passed' ? null : `is ${status}`,
  output: '',
  ...more,
});

describe('a check is made of its parts', () => {
  const extra = { extra: true };
  test.each<[string, PartResult[], string, string]>([
    ['one passed', [part('passed')], 'passed', 'passed'],
    ['one failed', [part('passed'), part('failed')], 'failed', 'failed'],
    ['nothing passed', [part('idle')], 'skipped', 'failed'],
    ['nothing at all', [], 'skipped', 'failed'],
    ['a missing tool is not made up for by another', [part('passed'), part('missing')], 'skipped', 'failed'],
    ['but a missing extra is', [part('passed'), part('missing', extra)], 'passed', 'passed'],
    ['no such step in one of two kinds of project', [part('passed'), part('idle')], 'passed', 'passed'],
    ['nothing changed is no failure', [part('idle', { unchanged: true })], 'skipped', 'skipped'],
  ])('%s', (_, parts, found, required) => {
    expect(checkResult('lint', parts, { required: false, durationMs: 1 }).status).toBe(found);
    expect(checkResult('lint', parts, { required: true, durationMs: 1 }).status).toBe(required);
  });

  test('the reason names what is left out, or what failed alone', () => {
    const audit = part('missing', { label: 'npm audit', extra: true });
    const of = (...parts: PartResult[]) => checkResult('security', parts, { required: true, durationMs: 1 }).reason;
    expect(of(part('passed'), audit)).toBe('npm audit: is missing');
    expect(of(part('failed', { label: 'secrets' }), audit)).toBe('secrets: is failed');
    expect(of(audit)).toBe('required, but skipped: npm audit: is missing');
    expect(of(part('passed'))).toBeNull();
  });
});

describe('what an ending means', () => {
  const exited = (status: number): Ending => ({ kind: 'exited', status });
  const ended = (ending: Ending, output = '') => ({ ending, output, durationMs: 1 });
  test.each<[Ending, string, string]>([
    [exited(0), 'passed', ''],
    [exited(1), 'failed', 'exit status 1'],
    [exited(127), 'failed', 'exit status 127: the shell did not find the command'],
    [{ kind: 'signalled', signal: 'SIGSEGV' }, 'failed', 'ended by SIGSEGV'],
    [{ kind: 'timed-out' }, 'failed', 'stopped after 2 s, its time limit'],
    [{ kind: 'not-started', why: 'EACCES', notFound: false }, 'failed', 'could not be started: EACCES'],
  ])('of a command of the configuration: %j', (ending, status, reason) => {
    const verdict = readCommand(ended(ending), 2000);
    expect([verdict.status, verdict.reason ?? '']).toEqual([status, reason]);
  });

  const npm = (counts: object) => `npm warn old\n${JSON.stringify({ metadata: { vulnerabilities: counts } })}\n`;
  test.each<[Reader, Ending, string, string, string]>([
    ['status', exited(1), 'x', 'failed', 'exit status 1'],
    ['status', exited(127), 'a\nsh: 1: eslint: not found\n', 'missing', 'not found: sh: 1: eslint: not found'],
    [
      'status',
      exited(101),
      'error: no such command: `clippy`\n',
      'missing',
      'not found: error: no such command: `clippy`',
    ],
    [
      'status',
      exited(101),
      'error: no such subcommand: `clippy`',
      'missing',
      'not found: error: no such subcommand: `clippy`',
    ],
    ['status', { kind: 'timed-out' }, '', 'failed', 'stopped after 2 s, its time limit'],
    ['status', { kind: 'not-started', why: 'ENOENT', notFound: true }, '', 'missing', 'not found'],
    ['pytest', exited(5), 'no tests ran', 'idle', 'it found no tests'],
    ['pytest', exited(1), '', 'failed', 'exit status 1'],
    ['npm-audit', exited(0), npm({ high: 0, critical: 0, low: 3 }), 'passed', ''],
    ['npm-audit', exited(1), npm({ high: 2, critical: 1 }), 'failed', 'vulnerable dependencies'],
    ['npm-audit', exited(1), '{"message":"request failed"}', 'missing', 'no answer: request failed'],
    ['npm-audit', exited(1), 'npm error network', 'missing', 'no answer: npm error network'],
    ['npm-audit', { kind: 'timed-out' }, '', 'missing', 'stopped after 2 s, its time limit'],
    ['npm-audit', { kind: 'signalled', signal: 'SIGKILL' }, '', 'failed', 'ended by SIGKILL'],
    ['pip-audit', exited(0), '{"dependencies":[{"name":"a","version":"1","vulns":[]}]}', 'passed', ''],
    [
      'pip-audit',
      exited(1),
      '{"dependencies":[{"name":"a","version":"1","vulns":[{"id":"X-1"}]}]}',
      'failed',
      'vulnerable dependencies',
    ],
    ['pip-audit', exited(1), 'ConnectionError', 'missing', 'no answer: ConnectionError'],
    ['cargo-audit', exited(0), '{"vulnerabilities":{"list":[]}}', 'passed', ''],
    [
      'cargo-audit',
      exited(1),
      '{"vulnerabilities":{"list":[{"advisory":{"id":"R-1"},"package":{"name":"a"}}]}}',
      'failed',
      'vulnerable dependencies',
    ],
    [
      'cargo-audit',
      exited(101),
      'error: no such command: `audit`',
      'missing',
      'no answer: error: no such command: `audit`',
    ],
    ['govulncheck', exited(3), 'GO-1', 'failed', 'vulnerable dependencies'],
    ['govulncheck', exited(1), 'no network', 'missing', 'no answer: no network'],
  ])('of a tool read as %s: %j %j', (reader, ending, output, status, reason) => {
    const verdict = readTool(ended(ending, output), reader, 2000);
    expect([verdict.status, verdict.reason ?? '']).toEqual([status, reason]);
  });
});

test('a scan ends at its time limit, and that is no pass', async () => {
  const scope = { files: ['a.js'], deleted: 0, linesOf: async () => new Map() };
  const ended = { status: 'failed', reason: 'stopped at its time limit' };
  expect(await complexityPart('/', scope, 1, () => true)).toMatchObject(ended);
  expect(await secretsPart('/', scope, () => true)).toMatchObject(ended);
});

test('names are parameters of the shell, and no options', () => {
  expect(asPath('-rf')).toBe('./-rf');
  expect(asPath('a/-rf')).toBe('a/-rf');
  expect(shellArguments('lint {files} && echo', ['-rf', '$(x)', "a 'b\n"])).toEqual([
    '-c',
    'lint "$@" && echo',
    'sh',
    './-rf',
    '$(x)',
    "a 'b\n",
  ]);
});

test('the changed lines of a patch, whatever is in it', () => {
  const patch = [
    'diff --git a/a b/a',
    '--- a/a',
    '+++ b/a',
    '@@ -1,0 +2,2 @@ context',
    '++++ b/not a header',
    '+@@ -1 +1 @@',
    '@@ -9 +11 @@',
    '--- a/not one',
    '+new',
    '@@ -20,3 +21,0 @@',
    '-x',
    '-y',
    '-z',
    'diff --git "a/t\\tq\\"\\303\\n" "b/t\\tq\\"\\n"',
    '--- /dev/null',
    '+++ "b/t\\tq\\"\\n\\001"',
    '@@ -0,0 +1 @@',
    '+x',
    '\\ No newline at end of file',
    '+++ b/with blank\t',
    '@@ -0,0 +1,3 @@',
  ].join('\n');
  expect([...changedLines(patch)]).toEqual([
    [
      'a',
      [
        [2, 3],
        [11, 11],
      ],
    ],
    ['t\tq"\n\x01', [[1, 1]]],
    ['with blank', [[1, 3]]],
  ]);
  expect(touches([[2, 3]], 3, 9)).toBe(true);
  expect(touches([[2, 3]], 4, 9)).toBe(false);
});

test('JUnit XML says the same, without what XML can’t say', () => {
  const output = '\x1b[31mred\x1b[0m <&"> \x00 \ud800 \u{1f600}\n';
  const xml = junitXml({
    ok: false,
    checks: [
      { name: 'lint', status: 'passed', reason: null, durationMs: 1500, output: '' },
      { name: 'tests', status: 'failed', reason: 'exit "1"', durationMs: 0, output },
      { name: 'build', status: 'skipped', reason: 'none', durationMs: 0, output: '' },
    ],
  });
  expect(xml).toContain('<testsuite name="gate" tests="3" failures="1" skipped="1" errors="0" time="1.500">');
  expect(xml).toContain(
    '<failure message="exit &quot;1&quot;"/><system-out>red &lt;&amp;&quot;&gt; \ufffd \ufffd \u{1f600}\n</system-out>',
  );
  expect(xml).toContain('<skipped message="none"/>');
});

test('what was not checked, each reason once', () => {
  const check = (name: 'lint' | 'types' | 'tests', status: 'passed' | 'skipped', reason: string | null) => ({
    name,
    status,
    reason,
    durationMs: 0,
    output: '',
  });
  expect(
    skippedWords({
      ok: true,
      checks: [check('lint', 'skipped', 'a'), check('types', 'skipped', 'a'), check('tests', 'skipped', 'b')],
    }),
  ).toBe('not checked: lint, types: a; tests: b');
  expect(skippedWords({ ok: true, checks: [check('lint', 'passed', null)] })).toBeNull();
  expect(skippedWords({ ok: true, checks: [check('lint', 'skipped', isOff), check('tests', 'skipped', 'b')] })).toBe(
    'not checked: tests: b\nswitched off by configuration: lint (quality.lint_command)',
  );
});

test('what still runs: each check with its time and its commands, and what waits for the build', () => {
  const long = `npm run ${'x'.repeat(80)}`;
  expect(
    lastingWords([
      { name: 'lint', forMs: 15_960, commands: ['ruff check', 'npm run lint'] },
      { name: 'complexity', forMs: 400, commands: [] },
      { name: 'build', forMs: 4000, commands: [`two\n\x1b[31mlines`] },
      { name: 'types', forMs: null, commands: [] },
    ]),
  ).toBe(
    'lint for 16 s (ruff check and npm run lint), complexity for 0 s, build for 4 s (two lines), types after the build',
  );
  expect(lastingWords([{ name: 'tests', forMs: 0, commands: [long] }])).toBe(`tests for 0 s (${long.slice(0, 59)}…)`);
});
