import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cliJson } from '../helpers/cli.ts';
import { run } from '../helpers/hook-repo.ts';
import { commitAll, git, makeBareRepo, makeClone, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let bare: string;
let clone: string;

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, "it's bare.git"));
  clone = await makeClone(bare, join(scratch.dir, 'clone'));
  await commitAll(clone, 'first');
  await git(['push', '--quiet', 'origin', 'HEAD:main'], { cwd: clone });
});
afterEach(() => scratch.remove());

const hooks = (action: string, path = bare) => cliJson(['hooks', action, '--server', path], { cwd: scratch.dir });
const states = async (path = bare): Promise<string[]> =>
  (await hooks('status', path)).data.installed.map(
    ({ name, state }: { name: string; state: string }) => `${name} ${state}`,
  );
const allIn = (state: string) => [`pre-receive ${state}`, `reference-transaction ${state}`];
const push = (env: NodeJS.ProcessEnv = process.env) => run('git', ['push', 'origin', 'HEAD:main'], clone, env);

async function files(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of await readdir(join(bare, 'hooks')))
    found[name] = await readFile(join(bare, 'hooks', name), 'utf8');
  return found;
}

async function put(name: string, text: string): Promise<void> {
  await writeFile(join(bare, 'hooks', name), text);
  await chmod(join(bare, 'hooks', name), 0o755);
}

test('installed twice, working, brought up to date, then gone without a trace', async () => {
  const before = await files();
  expect(await states()).toEqual(allIn('missing'));
  expect(await hooks('install')).toMatchObject({ status: 0, data: { prefix: 'refs/', branches: ['main'] } });
  const installed = await files();
  expect((await hooks('install', "it's bare.git")).status).toBe(0);
  expect(await files()).toEqual(installed);
  expect(await states()).toEqual(allIn('installed'));
  await commitAll(clone, 'past it');
  expect(await push()).toMatchObject({ status: 1, stderr: expect.stringContaining('git-coord: refused') });
  await writeFile(join(bare, 'hooks/git-coord-server.cjs'), 'an older one');
  expect(await states()).toEqual(allIn('outdated'));
  await hooks('install');
  expect(await files()).toEqual(installed);
  expect((await hooks('uninstall')).data).toEqual({ installed: [] });
  expect(await files()).toEqual(before);
  expect((await push()).status).toBe(0);
});

test('hooks that are there go on, with the lines that git gives them', async () => {
  const log = join(scratch.dir, 'log');
  await put('pre-receive', `#!/bin/sh\nwhile read -r old new ref; do echo "pre $ref" >>'${log}'; done\n`);
  await put(
    'reference-transaction',
    `#!${process.execPath}\nconst fs = require('node:fs');\nconst lines = fs.readFileSync(0, 'utf8').trim().split('\\n');\nfs.appendFileSync('${log}', process.argv[2] + ' ' + lines.length + '\\n');\n`,
  );
  const before = await files();
  await hooks('install');
  await git(['push', '--quiet', 'origin', 'HEAD:dev', 'HEAD:other'], { cwd: clone });
  expect((await readFile(log, 'utf8')).trim().split('\n')).toEqual([
    'pre refs/heads/dev', 'pre refs/heads/other', 'prepared 1', 'committed 1', 'prepared 1', 'committed 1',
  ]); // biome-ignore format: one list
  await commitAll(clone, 'past it');
  expect((await push()).status).toBe(1);
  await hooks('uninstall');
  expect(await files()).toEqual(before);
});

test('without Node on the server nothing guarded moves, and the rest does', async () => {
  await hooks('install');
  const script = join(bare, 'hooks/git-coord-server');
  await writeFile(script, (await readFile(script, 'utf8')).replace(/^node=.*$/m, 'node=/nowhere/node'));
  const bin = join(scratch.dir, 'bin');
  await mkdir(bin);
  for (const name of ['git', 'git-receive-pack', 'sh', 'cat', 'grep', 'rm']) {
    const found = (await run('sh', ['-c', `command -v ${name}`], clone, process.env)).stdout.trim();
    if (found !== '') await symlink(found, join(bin, name));
  }
  await commitAll(clone, 'past it');
  const refused = await push({ ...process.env, PATH: bin });
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('node was not found on the server') });
  expect((await run('git', ['push', 'origin', 'HEAD:dev'], clone, { ...process.env, PATH: bin })).status).toBe(0);
  await rm(script);
  expect((await run('git', ['push', 'origin', 'HEAD:dev2'], clone, process.env)).status).toBe(1);
});

test("a book below another prefix; somebody's clone is refused", async () => {
  const work = join(scratch.dir, 'work');
  await git(['clone', '--quiet', bare, `${work}-tree`], { cwd: scratch.dir });
  expect(await hooks('install', `${work}-tree`)).toMatchObject({ status: 7, error: { code: 'not-ready' } });
  await git(['clone', '--quiet', '--bare', bare, work], { cwd: scratch.dir });
  await git(['update-ref', 'refs/heads/coord/coord/format', 'HEAD'], { cwd: work });
  expect((await hooks('install', work)).status).toBe(0);
  expect(await readFile(join(work, 'hooks/git-coord-server'), 'utf8')).toContain("prefix='refs/heads/coord/'\n");
  expect(await states(work)).toEqual(allIn('installed'));
  for (const name of ['refs/heads/trunk', 'release/*'])
    await git(['config', '--add', 'coord.protect', name], { cwd: work });
  expect((await hooks('status', work)).data).toMatchObject({
    prefix: 'refs/heads/coord/',
    branches: ['trunk', 'release/*'],
  });
});

test('no repository, no atomic pushes, and a hooks folder of others are refused with the next command', async () => {
  expect(await hooks('install', scratch.dir)).toMatchObject({ status: 3, error: { code: 'not-found' } });
  expect(await hooks('install', join(scratch.dir, 'nothing'))).toMatchObject({ status: 3 });
  await git(['config', 'receive.advertiseAtomic', 'false'], { cwd: bare });
  expect(await hooks('install')).toMatchObject({
    status: 7,
    error: { message: expect.stringContaining('no atomic pushes') },
  });
  await git(['config', '--unset', 'receive.advertiseAtomic'], { cwd: bare });
  await git(['config', 'core.hooksPath', join(scratch.dir, 'shared')], { cwd: bare });
  const shared = await hooks('install');
  expect(shared).toMatchObject({ status: 7, error: { code: 'not-ready' } });
  expect(shared.error?.next[0]).toContain('core.hooksPath');
});
