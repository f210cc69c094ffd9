/** A bare repository with code on `main` and a book, made once for all tests of a file: `init` asks much of a remote. */
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { cliJson } from './cli.ts';
import { commitAll, git, makeBareRepo, makeClone, makeScratch, type Scratch } from './repo.ts';

let made: Promise<Scratch> | undefined;
afterAll(async () => (await made)?.remove());

/** Has a new bare repository begin as that one did. */
export async function beginBook(bareDir: string): Promise<void> {
  made ??= makeBook();
  const from = join((await made).dir, 'remote.git');
  for (const part of ['objects', 'refs']) await cp(join(from, part), join(bareDir, part), { recursive: true });
}

async function makeBook(): Promise<Scratch> {
  const scratch = await makeScratch();
  const clone = await makeClone(await makeBareRepo(join(scratch.dir, 'remote.git')), join(scratch.dir, 'clone'));
  await firstCommit(clone);
  await git(['push', '--quiet', 'origin', 'HEAD:main'], { cwd: clone });
  await mustInit(clone, ['--remote', 'origin'], { COORD_DAEMON: 'off' });
  return scratch;
}

/** The code of a project. */
export async function firstCommit(dir: string): Promise<void> {
  await writeFile(join(dir, 'README'), 'a project\n');
  await writeFile(join(dir, 'shared'), 'one\ntwo\nthree\n');
  await commitAll(dir, 'Begin');
}

export async function mustInit(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const begun = await cliJson(['init', ...args], { cwd, env });
  if (begun.status !== 0) throw new Error(begun.stderr);
}
