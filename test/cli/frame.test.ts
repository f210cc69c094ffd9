import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'bin/git-coord.cjs');
let scratch: string;

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs')]);
  scratch = mkdtempSync(join(tmpdir(), 'coord-frame-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const coord = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env: { ...process.env, ...env }, cwd: scratch });

test('the version, with and without JSON', () => {
  expect(coord(['--version'])).toMatchObject({ status: 0, stdout: 'git-coord 0.1.0\n', stderr: '' });
  const { stdout } = coord(['--version', '--json']);
  expect(JSON.parse(stdout)).toEqual({ schema: 'git-coord/v1', ok: true, data: { version: '0.1.0' } });
});

test('no command, help and -h show the overview', () => {
  const { status, stdout, stderr } = coord([]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('claim a task, so that nobody else works on it');
  expect(coord(['help']).stdout).toBe(stdout);
  expect(coord(['-h']).stdout).toBe(stdout);
  expect(coord(['help', 'claim']).stdout).toBe(coord(['claim', '--help']).stdout);
  expect(coord(['help', 'clam'])).toMatchObject({ status: 2, stderr: expect.stringContaining('git coord claim?') });
});

test('a wrong call says what is near, in the form asked for', () => {
  const text = coord(['lst']);
  expect(text).toMatchObject({ status: 2, stdout: '' });
  expect(text.stderr).toBe('error: no such command: lst\nhint: Did you mean git coord list?\nnext: git coord help\n');
  const json = coord(['claim', '--nxt', '--json']);
  expect(json.status).toBe(2);
  expect(JSON.parse(json.stdout)).toEqual({
    schema: 'git-coord/v1',
    ok: false,
    error: {
      code: 'usage',
      message: 'no such option: --nxt',
      hint: 'Did you mean --next?',
      next: ['git coord help claim'],
    },
  });
  expect(json.stdout.split('\n')).toHaveLength(2);
  expect(coord(['lock', 'x', '--', 'echo', '--json'])).not.toMatchObject({ stdout: expect.stringContaining('{') });
});

/** A process in which a function that the overview uses is broken. */
function broken(breakage: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const words = ['--import', `data:text/javascript,${encodeURIComponent(breakage)}`, bin, ...args];
  return spawnSync(process.execPath, words, { encoding: 'utf8', env: { ...process.env, ...env } });
}

test.each([['thrown', 'String.prototype.padEnd = () => { throw new TypeError("broken \\x1b[31m"); };']])(
  'a defect that is %s is an internal error, with a stack only for those who ask',
  (_how, breakage) => {
    const plain = broken(breakage, ['help', '--json']);
    expect(plain.status).toBe(1);
    expect(plain.stderr).toMatch(/^error: a defect in git-coord: broken\s*\nhint: Please report it/);
    expect(plain.stderr).not.toMatch(/\n\s+at |\x1b/);
    expect(broken(breakage, ['help', '--json'], { COORD_DEBUG: '1' }).stderr).toMatch(/\n\s+at /);
  },
);

test('a reader who leaves early is no error, and a slow one gets everything', async () => {
  const child = spawn('sh', ['-c', `"${process.execPath}" "${bin}" help; echo "status $?" >&2`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child, 'close');
  expect(stderr).toBe('status 0\n');
  const slow = execFileSync('sh', ['-c', `"${process.execPath}" "${bin}" help --json | { sleep 0.2; cat; }`], {
    encoding: 'utf8',
  });
  expect(JSON.parse(slow).ok).toBe(true);
});

test.skipIf(!existsSync('/dev/full'))('output that could not be written is an error', () => {
  const full = spawnSync('sh', ['-c', `"${process.execPath}" "${bin}" help > /dev/full`], { encoding: 'utf8' });
  expect(full.status).toBe(1);
  expect(full.stderr).toContain('could not be written');
});

test('no colour without a terminal', () => {
  expect(coord(['help'], { FORCE_COLOR: '1' }).stdout).not.toContain('\x1b');
});

test('-C counts, several of them one after the other, and a folder that is gone is named', () => {
  expect(coord(['-C']).stderr).toContain('-C needs a value');
  const gone = join(scratch, 'deleted');
  mkdirSync(gone);
  const { stderr, status } = spawnSync('sh', ['-c', `rmdir "${gone}"; exec "${process.execPath}" "${bin}" help`], {
    cwd: gone,
    encoding: 'utf8',
  });
  expect({ status, stderr: stderr.split('\n')[0] }).toEqual({
    status: 3,
    stderr: 'error: the current folder does not exist any more',
  });
});

/** What bash offers for a line whose last word is being typed. */
function complete(line: readonly string[], functionName: string): string[] {
  const words = line.map((word) => `'${word}'`).join(' ');
  const script = `eval "$("${process.execPath}" "${bin}" completion bash)"; COMP_WORDS=(${words}); COMP_CWORD=${line.length - 1}; ${functionName}; echo "\${COMPREPLY[*]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ');
}

test('bash completes commands, options and words, for git coord too', () => {
  expect(complete(['git-coord', 'cl'], '_git_coord')).toEqual(['claim']);
  expect(complete(['git', 'coord', 're'], '_git_coord')).toEqual(
    ['retry', 'ready', 'renew', 'release', 'resume', 'restore'].sort(byTable),
  );
  expect(complete(['git', '-C', 'x', 'coord', '--json', 'claim', '--ow'], '_git_coord')).toEqual(['--owner-pid']);
  expect(complete(['git-coord', 'daemon', 'st'], '_git_coord')).toEqual(['start', 'stop', 'status']);
});

const order = ['ready', 'resume', 'restore', 'retry', 'renew', 'release'];
const byTable = (a: string, b: string) => order.indexOf(a) - order.indexOf(b);

test('the manual page is there and names every command', () => {
  const page = execFileSync('cat', [join(root, 'man/git-coord.1')], { encoding: 'utf8' });
  for (const name of ['init', 'claim', 'lock', 'completion']) expect(page).toContain(`.SS git coord ${name}`);
});
