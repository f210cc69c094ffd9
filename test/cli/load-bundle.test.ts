// The compiled code that is kept from one start to the next, by the built command line.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let home: string;
let caches: string;

beforeEach(async () => {
  scratch = await makeScratch();
  home = join(scratch.dir, 'home');
  caches = join(home, '.cache', 'git-coord');
  mkdirSync(home);
});
afterEach(() => scratch.remove());

async function help(env: Record<string, string | undefined> = {}) {
  const result = await cli(['help', 'claim'], {
    cwd: scratch.dir,
    env: { HOME: home, XDG_CACHE_HOME: undefined, ...env },
  });
  expect(result).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('git coord claim') });
}

const kept = () => readdirSync(caches).map((name) => join(caches, name));

test('is kept for its owner alone, and used as it is by the next start', async () => {
  await help();
  const [file = ''] = kept();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(caches).mode & 0o777).toBe(0o700);
  const { mtimeMs } = statSync(file);
  await help();
  expect(kept()).toEqual([file]);
  expect(statSync(file).mtimeMs).toBe(mtimeMs);
});

test('each command has its own, and what was no command has none', async () => {
  await help();
  const { status } = await cli(['claimm'], { cwd: scratch.dir, env: { HOME: home, XDG_CACHE_HOME: undefined } });
  expect(status).toBe(2);
  expect(kept().map((file) => basename(file))).toEqual([expect.stringMatching(/^cli-.*-help-/)]);
  await cli(['list'], { cwd: scratch.dir, env: { HOME: home, XDG_CACHE_HOME: undefined } });
  expect(kept().map((file) => basename(file))).toEqual([
    expect.stringMatching(/-help-/),
    expect.stringMatching(/-list-/),
  ]);
});

test('is made anew when it is damaged, and forgotten when nobody has made it for long', async () => {
  await help();
  const [file = ''] = kept();
  const good = readFileSync(file).length;
  writeFileSync(file, 'nothing of the kind');
  const old = join(caches, 'cli-OLD.bin');
  writeFileSync(old, '');
  utimesSync(old, 1, 1);
  await help();
  expect(readFileSync(file).length).toBeGreaterThan(good / 2);
  expect(existsSync(old)).toBe(false);
});

test.each([0, 4096, 100_000, -8])('with a few bits changed, as at %i, it is made anew and never run', async (at) => {
  await help();
  const [file = ''] = kept();
  const bytes = readFileSync(file);
  const place = at < 0 ? bytes.length + at : at;
  bytes.writeUInt8(bytes.readUInt8(place) ^ 0x10, place);
  writeFileSync(file, bytes);
  await help();
  expect(readFileSync(file).equals(bytes)).toBe(false);
});

test('what is no file is let be, and nothing is left beside it', async () => {
  await help();
  const [file = ''] = kept();
  rmSync(file);
  mkdirSync(file);
  await help();
  expect(kept()).toEqual([file]);
  rmSync(file, { recursive: true });
  execFileSync('mkfifo', [file]);
  await help();
  expect(statSync(file).isFile()).toBe(true);
});

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log("SKIP somebody else's start cache: only root can make a file somebody else's");
test.runIf(isRoot)("somebody else's is not run", async () => {
  await help();
  const [file = ''] = kept();
  chownSync(file, 65534, 65534);
  chmodSync(file, 0o666);
  await help();
  expect(statSync(file).uid).toBe(0);
});

test('nothing is kept, and nothing made, where there is no place for it', async () => {
  await help({ HOME: join(scratch.dir, 'absent') });
  expect(existsSync(join(scratch.dir, 'absent'))).toBe(false);
  await help({ HOME: undefined });
  await help({ XDG_CACHE_HOME: 'relative', HOME: undefined });
  expect(existsSync(join(scratch.dir, 'relative'))).toBe(false);
  await help({ XDG_CACHE_HOME: '/dev/null/nowhere' });
  expect(existsSync(caches)).toBe(false);
});

test('mcp has a bundle of its own, with its SDK in it, and keeps the code of both', async () => {
  const clientInfo = { name: 'test', version: '1' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  const input = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`;
  const env = { HOME: home, XDG_CACHE_HOME: undefined };
  const { stdout } = await cli(['mcp'], { cwd: scratch.dir, env, input });
  expect(JSON.parse(stdout).result.serverInfo.name).toBe('git-coord');
  expect(kept().map((file) => basename(file))).toEqual([expect.stringMatching(/^mcp-.*-mcp-/)]);
  const chunks = new URL('../../dist/chunks/', import.meta.url);
  const [bundle = ''] = readdirSync(chunks).filter((name) => /^mcp-(?!sdk)/.test(name));
  const source = readFileSync(new URL(bundle, chunks), 'utf8').replaceAll('\\\n', '');
  expect([source.includes('./mcp-sdk-'), source.includes('notifications/initialized')]).toEqual([false, true]);
});

const entry = readFileSync(new URL('../../dist/main.cjs', import.meta.url), 'utf8').replaceAll('\\\n', '');
const often = [...entry.matchAll(/(\w+):\s*"chunks\/(?:daily|land)-/g)].map(([, name = '']) => name);

test('some commands have a smaller bundle', () => expect(often).toEqual(expect.arrayContaining(['land', 'ready'])));

test.each(often)('%s is in the bundle that it is looked for in', async (name) => {
  // outside of a repository: called wrongly, or told so
  const { status, stderr } = await cli([name, '--json'], { cwd: scratch.dir });
  expect([2, 3], stderr).toContain(status);
});
