/** The built command line as a process of its own. The home and git's configuration are the test's (see isolate.ts). */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/git-coord.cjs', import.meta.url));
const built = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));
const outputBytesMax = 16 * 1024 * 1024;

export interface CliOptions {
  readonly cwd: string;
  /** In addition to the test's own; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly input?: string | undefined;
  /** What runs it, as `['faketime', '-f', '+10m']`. */
  readonly under?: readonly string[] | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface CliResult {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliAnswer extends CliResult {
  readonly ok: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests look at
  readonly data: any;
  readonly error: { code: string; message: string; hint?: string; next: string[]; data?: unknown } | undefined;
}

export function startCli(args: readonly string[], options: CliOptions): ChildProcess {
  if (!existsSync(built)) throw new Error('not built: run node scripts/build.mjs');
  const [command = '', ...rest] = [...(options.under ?? []), process.execPath, bin, ...args];
  const env = { ...process.env, ...options.env };
  return spawn(command, rest, { cwd: options.cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Runs a command to its end; one that takes longer than the limit is killed, with status null. */
export function cli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = startCli(args, options);
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(0, outputBytesMax);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(0, outputBytesMax);
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, stdout, stderr });
    });
  });
}

/** The same with `--json`. @throws Error when the output isn't exactly one document */
export async function cliJson(args: readonly string[], options: CliOptions): Promise<CliAnswer> {
  const result = await cli([...args, '--json'], options);
  try {
    const { ok, data, error } = JSON.parse(result.stdout);
    return { ...result, ok, data, error };
  } catch {
    throw new Error(`no JSON document (exit ${result.status}): ${result.stdout}\n${result.stderr}`);
  }
}
