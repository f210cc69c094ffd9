/**
 * A coding tool as its hooks see one: a process of its own that runs hooks, shell commands and servers as children, and
 * hands its hooks JSON on standard input. Two clients are two sessions.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { program, type Ran } from './hook-repo.ts';

/** Runs what it is told, a line of JSON each, one after the other. */
const source = `
const { spawnSync } = require('node:child_process');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { command, cwd, input, env } = JSON.parse(line);
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd, input, env: { ...process.env, ...env }, encoding: 'utf8' });
  process.stdout.write(JSON.stringify({ status, stdout, stderr }) + '\\n');
});`;

export interface ToolClient {
  readonly session: string;
  /** What a hook answers; null: nothing. Any status but 0 is thrown. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests look at
  hook(event: string, input?: object): Promise<any>;
  /** A command of its shell tool: the hook is asked before, and not told. */
  shell(command: string, options?: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv }): Promise<Ran>;
  close(): Promise<void>;
}

export interface ToolClientOptions {
  readonly cwd: string;
  readonly session: string;
  readonly tool?: string;
  /** The command line of a hook; default: ours by its name. */
  readonly commandOf?: (event: string) => string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A folder for the PATH with our command in it. */
export async function binFolder(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  await symlink(program, join(dir, 'git-coord'));
  return dir;
}

export function openToolClient(options: ToolClientOptions): ToolClient {
  const { cwd, session, tool = 'claude', env = {} } = options;
  const { commandOf = (event: string) => `git-coord hook ${tool}-${event}` } = options;
  const child = spawn(process.execPath, ['-e', source], {
    cwd,
    env: { ...process.env, ...env, PATH: `${env.PATH ?? ''}:${dirname(process.execPath)}:${process.env.PATH}` },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const run = async (request: object): Promise<Ran> => {
    child.stdin.write(`${JSON.stringify({ cwd, ...request })}\n`);
    const { value } = await answers.next();
    return JSON.parse(value ?? '{}');
  };
  return {
    session,
    async hook(event, input = {}) {
      const base = { session_id: session, cwd, hook_event_name: event };
      const ran = await run({
        command: commandOf(event),
        input: JSON.stringify({ ...base, ...input }),
      });
      if (ran.status !== 0 || ran.stderr !== '') throw new Error(`the hook failed: ${ran.status} ${ran.stderr}`);
      return ran.stdout === '' ? null : JSON.parse(ran.stdout);
    },
    shell: (command, options = {}) => run({ command, ...options }),
    close: () => ended(child),
  };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.stdin?.end();
  });
}
