/** Whole processes, timed in one run, alternating, so that a busy machine slows all sides alike. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const cli = resolve('bin/git-coord.cjs');

/** The words that run the command line. */
export const coord = (...args: string[]): string[] => [process.execPath, cli, ...args];

/** A line of the report. */
export interface Row {
  readonly what: string;
  readonly ms: number;
  readonly bound: string;
}

export interface Command {
  readonly name: string;
  /** The words of one run; a new one each time where a run changes something. */
  readonly words: () => readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs a command and gives its milliseconds. @throws Error with its output when it fails */
export function time({ name, words, cwd, env }: Command): Promise<number> {
  const [program = '', ...args] = words();
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint();
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (part) => (said += part));
    child.stderr.on('data', (part) => (said += part));
    child.once('error', reject);
    child.once('close', (code) => {
      const ms = Number(process.hrtime.bigint() - started) / 1e6;
      if (code === 0) resolve(ms);
      else reject(new Error(`${name}: exit ${code}: ${said}`));
    });
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Each command `runs` times, in turn, after one run that isn't counted. */
export async function inTurn(commands: readonly Command[], runs: number): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(commands.map(({ name }) => [name, []]));
  for (let run = 0; run <= runs; run++) {
    for (const command of commands) {
      const ms = await time(command);
      if (run > 0) times.get(command.name)?.push(ms);
    }
  }
  return times;
}
