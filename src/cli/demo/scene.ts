/** The scratch folder of the demo: a bare remote, three clones that share a book on it, and twelve tasks. */
import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CoordError } from '../../errors.ts';
import { plan, workerNames } from './plan.ts';
import { workerScript } from './worker-script.ts';

const execute = promisify(execFile);
const commandTimeoutMs = 60_000;
const outputBytesMax = 16 * 1024 * 1024;

export interface Scene {
  readonly folder: string;
  readonly remote: string;
  readonly script: string;
  clone(worker: string): string;
  /** The environment of a worker: nothing of the user's git configuration, home or session. */
  env(worker: string): NodeJS.ProcessEnv;
  /** Runs git and answers its standard output. @throws CoordError `internal` when it fails or `signal` aborts it */
  git(cwd: string, args: readonly string[], worker?: string): Promise<string>;
}

export async function openScene(env: Readonly<Record<string, string | undefined>>): Promise<Scene> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'git-coord-demo-')));
  const bin = join(folder, 'bin');
  const workerEnv = (worker: string): NodeJS.ProcessEnv => ({
    ...withoutPersonal(env),
    HOME: join(folder, 'home'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    COORD_AGENT: worker,
    COORD_SESSION: `demo-${worker}`,
    PATH: `${bin}${delimiter}${env.PATH ?? ''}`,
  });
  const scene: Scene = {
    folder,
    remote: join(folder, 'remote.git'),
    script: join(folder, 'worker.sh'),
    clone: (worker) => join(folder, worker),
    env: workerEnv,
    git: (cwd, args, worker = workerNames[0]) => runGit(cwd, args, workerEnv(worker)),
  };
  await mkdir(join(folder, 'home'));
  await mkdir(bin);
  const entry = realpathSync(process.argv[1] ?? '');
  const wrapper = `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(entry)} "$@"\n`;
  await writeExecutable(join(bin, 'git-coord'), wrapper);
  await writeExecutable(scene.script, workerScript);
  return scene;
}

/** A project with one commit, its clones, and the book. */
export async function furnish(scene: Scene): Promise<void> {
  const { folder, remote, git, clone } = scene;
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main', remote]);
  await Promise.all(
    workerNames.map(async (worker) => {
      await git(folder, ['clone', '--quiet', remote, clone(worker)]);
      await git(clone(worker), ['config', 'user.name', worker]);
      await git(clone(worker), ['config', 'user.email', `${worker}@example.invalid`]);
    }),
  );
  const first = clone(workerNames[0]);
  await git(first, ['commit', '--quiet', '--allow-empty', '-m', 'Begin']);
  await git(first, ['push', '--quiet', 'origin', 'HEAD:main']);
  // all at once: one makes the book, the others join it
  await Promise.all(
    workerNames.map(async (worker) => {
      await git(clone(worker), ['coord', 'init', '--remote', 'origin', '--quiet'], worker);
      await git(clone(worker), ['coord', 'hooks', 'install', '--quiet'], worker);
      // a claim would start it too; but one that is just starting when the demo is interrupted could not be found and stopped
      await git(clone(worker), ['coord', 'daemon', 'start', '--quiet'], worker);
    }),
  );
}

/** Each clone adds its share. */
export async function addTasks({ git, clone }: Scene): Promise<void> {
  await Promise.all(
    workerNames.map(async (worker, place) => {
      for (const { id, title, priority, needs } of plan.filter((_, index) => index % workerNames.length === place)) {
        const more = needs.flatMap((need) => ['--needs', need]);
        const options = ['--id', id, '--priority', String(priority), ...more, '--quiet'];
        await git(clone(worker), ['coord', 'add', title, ...options], worker);
      }
    }),
  );
}

export async function removeScene({ folder }: Scene): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

const personal = /^(GIT_|COORD_|XDG_)|SESSION|^NODE_OPTIONS$/;

function withoutPersonal(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !personal.test(name)));
}

async function runGit(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  try {
    const options = { cwd, env, timeout: commandTimeoutMs, maxBuffer: outputBytesMax };
    return (await execute('git', args, options)).stdout;
  } catch (error) {
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new CoordError('internal', `the demo's git ${args.slice(0, 3).join(' ')} failed: ${words || String(error)}`, {
      cause: error,
    });
  }
}

async function writeExecutable(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
