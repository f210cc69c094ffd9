/**
 * A process that starts git for this one. Starting a process copies the page tables of the one that starts it: 2-5 ms in which
 * a worker of 130 MB, with thirty processes of git for each task, does nothing else (measured: a third of its time). The runner
 * stays small, and what it starts it waits for beside us.
 *
 *   running   requests are handed on, and answered in whatever order git ends
 *   ended     killed by somebody: what was under way is as if git had been killed, what comes next is run here
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CoordError, type ErrorCode } from '../errors.ts';
import { type GitRequest, type GitResult, haveGitRunBy, runGitHere } from './git-process.ts';

/** To the runner. */
export interface RunnerRequest {
  readonly id: number;
  readonly args: readonly string[];
  readonly request: Omit<GitRequest, 'later'>;
}

/** From the runner. */
export type RunnerReply = { readonly id: number } & (
  | { readonly result: GitResult }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } }
);

let shared: GitRunner | null = null;
let users = 0;

/**
 * Has git run by a runner until what is answered is called. Several users share one.
 * @param env the environment to start Node in
 */
export function borrowGitRunner(env: NodeJS.ProcessEnv): () => void {
  const program = fileURLToPath(new URL('../../dist/git-runner.cjs', import.meta.url));
  // from sources that nobody has built git is run here
  if (users === 0 && existsSync(program)) shared = new GitRunner(program, env);
  const runner = shared;
  if (users === 0) haveGitRunBy(runner && ((args, request) => runner.run(args, request)));
  users++;
  return () => {
    users--;
    if (users > 0) return;
    haveGitRunBy(null);
    shared?.close();
    shared = null;
  };
}

const asIfKilled: GitResult = {
  status: null,
  signal: 'SIGKILL',
  stdout: Buffer.alloc(0),
  stderr: 'the process that ran git ended',
  timedOut: false,
};

class GitRunner {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(result: GitResult): void; reject(error: Error): void }>();
  #count = 0;
  #ended = false;

  constructor(program: string, env: NodeJS.ProcessEnv) {
    // a group of its own: Ctrl-C on the terminal is for the worker alone
    const options = { env, detached: true, serialization: 'advanced' } as const;
    this.#child = spawn(process.execPath, [program], { ...options, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    this.#child.on('message', (reply) => this.#take(reply as RunnerReply));
    for (const end of ['error', 'exit', 'disconnect'] as const) this.#child.on(end, () => this.#end());
    this.#child.unref();
    this.#child.channel?.unref();
  }

  async run(args: readonly string[], { later, ...request }: GitRequest): Promise<GitResult> {
    const rest = await later?.catch(() => null);
    const whole = rest ? { ...request, input: Buffer.concat([Buffer.from(request.input ?? ''), rest]) } : request;
    return this.#ended ? runGitHere(args, whole) : this.#send(args, whole);
  }

  #send(args: readonly string[], request: RunnerRequest['request']): Promise<GitResult> {
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.channel?.ref();
      const message: RunnerRequest = { id, args, request: { ...request, env: withoutNothing(request.env) } };
      this.#child.send(message, (error) => error && this.#end());
    });
  }

  /** What is under way goes on there. */
  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #take(reply: RunnerReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#child.channel?.unref();
    if ('error' in reply) waiting?.reject(new CoordError(reply.error.code, reply.error.message));
    else waiting?.resolve(reply.result);
  }

  #end(): void {
    this.#ended = true;
    for (const { resolve } of this.#waiting.values()) resolve(asIfKilled);
    this.#waiting.clear();
  }
}

/** A variable that is not set would arrive as the word "undefined". */
function withoutNothing(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}
