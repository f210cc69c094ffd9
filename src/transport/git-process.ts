/**
 * Runs git as a child process: with an environment that is an argument, in a process group of its own that is ended
 * as a whole, with a time limit and bounded output (traps 9 and 31).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { CoordError } from '../errors.ts';

/** `git rev-parse --local-env-vars` without the user's configuration: these would point git at another repository. */
const repositoryVariables: readonly string[] = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_NAMESPACE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_QUARANTINE_PATH',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
];

/** After SIGTERM git removes its lock files; what is still there this long afterwards is killed. */
const killGraceMs = 500;
/** A process that git left behind (an ssh master, a detached gc) may keep the pipes open after git has ended. */
const drainMs = 1000;
const stderrBytesMax = 64 * 1024;
const outputBytesMaxDefault = 64 * 1024 * 1024;

export interface GitRequest {
  /** The folder to run in; the git folder when absent, so that the caller's own current folder plays no part. */
  readonly cwd?: string | undefined;
  readonly gitDir?: string | undefined;
  /** Made by `gitEnvironment`. */
  readonly env: NodeJS.ProcessEnv;
  readonly input?: Buffer | string | undefined;
  /** What follows the input, made while git starts. Null: nothing does. */
  readonly later?: Promise<Buffer | null> | undefined;
  readonly timeoutMs: number;
  readonly outputBytesMax?: number | undefined;
}

export interface GitResult {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  /** Its first 64 KiB. */
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** The environment for a git child: `base` without what locates a repository, in plain English, never asking, plus `extra`. */
export function gitEnvironment(base: NodeJS.ProcessEnv, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...withoutRepository(base), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', ...extra };
}

/** `base` without what locates a repository: for what shall find its own from where it runs. */
export function withoutRepository(base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...base };
  for (const name of repositoryVariables) delete env[name];
  return env;
}

/** Starts git in a process group of its own. Errors of the start arrive as the child's `error` event: see `spawnFailure`. */
export function spawnGit(args: readonly string[], request: Pick<GitRequest, 'cwd' | 'gitDir' | 'env'>) {
  const { cwd, gitDir, env } = request;
  const located = gitDir === undefined ? args : [`--git-dir=${gitDir}`, ...args];
  return spawn('git', located, { cwd: cwd ?? gitDir, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** What a failed start means. `ENOENT` is also what a missing folder gives. */
export function spawnFailure(error: NodeJS.ErrnoException, folder: string | undefined): CoordError {
  if (error.code === 'ENOENT' && folder !== undefined && !existsSync(folder)) {
    return new CoordError('unavailable', `the folder ${folder} does not exist`, { cause: error });
  }
  const message =
    error.code === 'ENOENT' ? 'git was not found on the PATH' : `git could not be started: ${error.message}`;
  return new CoordError('unavailable', message, { cause: error });
}

/** Signals the child's whole process group; one that has already gone is no error. */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is gone
  }
}

/** Ends the child's group: asks first, so that git can take its lock files away. */
export function endGroup(child: ChildProcess): void {
  killGroup(child, 'SIGTERM');
  const timer = setTimeout(() => killGroup(child, 'SIGKILL'), killGraceMs).unref();
  // once it has gone, its number may be another group's
  child.once('close', () => clearTimeout(timer));
}

type RunGit = (args: readonly string[], request: GitRequest) => Promise<GitResult>;

let standIn: RunGit | null = null;

/** Has somebody else run git for this process; null: it does so itself. */
export function haveGitRunBy(other: RunGit | null): void {
  standIn = other;
}

/**
 * Runs git to its end. A status other than 0 and a timeout are results, not errors.
 * @throws CoordError `unavailable` when git could not be started, or wrote more than `outputBytesMax`
 */
export const runGit: RunGit = (args, request) => (standIn ?? runGitHere)(args, request);

export function runGitHere(args: readonly string[], request: GitRequest): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawnGit(args, request);
    const outputBytesMax = request.outputBytesMax ?? outputBytesMaxDefault;
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let outputBytes = 0;
    let stderrBytes = 0;
    let timedOut = false;
    let tooMuch = false;
    const abandonPipes = () => {
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup(child);
    }, request.timeoutMs);
    let drainTimer: NodeJS.Timeout | undefined;

    child.stdout.on('data', (chunk: Buffer) => {
      outputBytes += chunk.length;
      if (outputBytes <= outputBytesMax) stdout.push(chunk);
      else if (!tooMuch) {
        tooMuch = true;
        endGroup(child);
      }
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderrBytes < stderrBytesMax) stderr.push(chunk.subarray(0, stderrBytesMax - stderrBytes));
      stderrBytes += chunk.length;
    });
    // git may end without reading its input: its status tells, not EPIPE
    child.stdin.on('error', () => {});
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(spawnFailure(error, request.cwd ?? request.gitDir));
    });
    child.on('exit', () => {
      clearTimeout(timer);
      drainTimer = setTimeout(abandonPipes, drainMs);
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      clearTimeout(drainTimer);
      if (tooMuch)
        reject(new CoordError('unavailable', `git ${args[0] ?? ''} wrote more than ${outputBytesMax} bytes`));
      else {
        const words = Buffer.concat(stderr).toString('utf8');
        resolve({ status, signal, stdout: Buffer.concat(stdout), stderr: words, timedOut });
      }
    });
    if (request.later === undefined) child.stdin.end(request.input ?? '');
    else {
      child.stdin.write(request.input ?? '');
      request.later.then(
        (rest) => child.stdin.end(rest ?? ''),
        () => child.stdin.end(),
      );
    }
  });
}

/**
 * The same for a look of a few milliseconds at the start of a command, when nothing else waits: without the pipes and
 * events of `runGit`, which take as long as git itself.
 * @throws CoordError `unavailable` when git could not be started, or wrote more than `outputBytesMax`
 */
export function runGitNow(
  args: readonly string[],
  { cwd, env, timeoutMs }: Omit<GitRequest, 'gitDir' | 'input' | 'later'>,
): GitResult {
  const result = spawnSync('git', args, { cwd, env, timeout: timeoutMs, maxBuffer: outputBytesMaxDefault });
  const timedOut = codeOf(result.error) === 'ETIMEDOUT';
  if (result.error !== undefined && !timedOut) throw spawnFailure(result.error, cwd);
  const { status, signal, stdout } = result;
  return { status, signal, stdout, stderr: result.stderr.toString('utf8').slice(0, stderrBytesMax), timedOut };
}

const codeOf = (error: NodeJS.ErrnoException | undefined): string | undefined => error?.code;
