/** Scratch folders and real repositories for tests. */
import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installServerHooks } from '../../src/hooks/server/install-server.ts';

const run = promisify(execFile);

export interface Scratch {
  readonly dir: string;
  remove(): Promise<void>;
}

/** A temporary folder (its real path). The caller removes it in `afterEach` or `afterAll`. */
export async function makeScratch(): Promise<Scratch> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'coord-test-')));
  return { dir, remove: () => rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }) };
}

/**
 * Runs git and answers its standard output, without the last line break.
 * @throws the error of `execFile`, with `stderr` and `code`, on any status but 0
 */
export async function git(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const env = { ...(options.env ?? process.env), GIT_TERMINAL_PROMPT: '0' };
  const { stdout } = await run('git', args, { cwd: options.cwd, env, maxBuffer: 64 * 1024 * 1024 });
  return stdout.replace(/\n$/, '');
}

/** A bare repository that also takes pushes over HTTP. COORD_TEST_GUARDED=1: with our server's hooks in it. */
export async function makeBareRepo(dir: string, objectFormat: 'sha1' | 'sha256' = 'sha1'): Promise<string> {
  await git(['init', '--quiet', '--bare', `--object-format=${objectFormat}`, dir], { cwd: tmpdir() });
  await git(['config', 'http.receivepack', 'true'], { cwd: dir });
  if (process.env.COORD_TEST_GUARDED === '1')
    await installServerHooks({ path: dir, env: process.env, node: process.execPath });
  return dir;
}

/** A clone of `remoteUrl` (an empty one is fine). */
export async function makeClone(remoteUrl: string, dir: string, args: readonly string[] = []): Promise<string> {
  await git(['clone', '--quiet', ...args, remoteUrl, dir], { cwd: tmpdir() });
  return dir;
}

/** A commit of everything in the work tree, empty or not. Answers its oid. */
export async function commitAll(dir: string, message: string): Promise<string> {
  await git(['add', '--all'], { cwd: dir });
  await git(['commit', '--quiet', '--allow-empty', '-m', message], { cwd: dir });
  return git(['rev-parse', 'HEAD'], { cwd: dir });
}
