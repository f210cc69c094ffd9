import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { livingOwner, ownerProcess } from '../config/owner.ts';
import type { Book } from '../coordinator/book.ts';
import { refusalError } from '../coordinator/refusal-error.ts';
import { whileActive } from '../coordinator/stay-active.ts';
import { parseId } from '../domain/ids.ts';
import { CoordError } from '../errors.ts';
import type { HeldLedger } from '../store/held-ledger.ts';
import { waiting } from './claim.ts';
import type { Answer } from './frame/context.ts';
import type { Run } from './frame/spec.ts';
import { shellWord } from './frame/text.ts';
import { withBook } from './with-book.ts';

/** Like flock: claims, runs, releases. The claim lives and dies with this process. */
export const run: Run = (context, parsed) => {
  const [name = ''] = parsed.positionals;
  const [program, ...args] = parsed.rest;
  if (program === undefined)
    throw new CoordError('usage', 'lock runs a command: name one after --', {
      next: [`git coord lock ${name || 'deploy'} -- make deploy`],
    });
  return withBook(context, parsed, async ({ app, book, command }): Promise<Answer> => {
    const { held } = app.context;
    let term: number;
    try {
      const request = { lock: true, owner: ownerProcess(process.pid), ...waiting(context, parsed) };
      term = (await book.claim(name, request, command)).task.term;
    } catch (error) {
      const isHeld = error instanceof CoordError && error.code === 'held';
      const exitCode = parsed.number('conflict-exit-code');
      if (isHeld && exitCode === undefined) throw lockHeld(error, name, parsed.rest);
      if (!isHeld || exitCode === undefined) throw error;
      context.warn(error.message);
      return { data: { ran: false }, text: '', exitCode };
    }
    const onStart = (pid: number): void => shareWith(held, { name, term }, pid);
    // it takes the time it takes: an attempt at a task would be over after its timeout
    const status = await whileActive(app.context, parseId(name), () =>
      runCommand(program, args, context.cwd, context.env, onStart, context.json),
    );
    if (status === 127) context.warn(`${program}: not found`);
    return released(book, held, { name, term }, command, status);
  });
};

/** A tenure of it. */
interface Lock {
  readonly name: string;
  readonly term: number;
}

/** As with flock, the lock lives as long as the command, also when this process is killed; and until this one has given it back. */
function shareWith(held: HeldLedger, { name, term }: Lock, pid: number): void {
  const entry = held.get(parseId(name));
  const command = livingOwner(pid);
  const owner = command && { ...command, or: ownerProcess(process.pid) };
  if (entry?.term === term && owner) held.put({ ...entry, state: { ...entry.state, owner } });
}

function lockHeld({ message, hint, data }: CoordError, name: string, typed: readonly string[]): CoordError {
  return new CoordError('held', message, {
    hint,
    data,
    next: [`git coord lock ${name} --wait 10m -- ${typed.map(shellWord).join(' ')}`],
  });
}

/** Gives back this very tenure: where the lock was lost, another process of this session may hold the next one. */
async function released(
  book: Book,
  held: HeldLedger,
  { name, term }: Lock,
  command: string,
  status: number,
): Promise<Answer> {
  try {
    const entry = held.get(parseId(name));
    if (entry !== null && entry.term !== term)
      throw refusalError(name, { reason: 'lost', how: 'taken-over', agent: entry.agent });
    const task = await book.release(name, command);
    return { data: { ran: true, task, status }, text: '', exitCode: status };
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    // The command has run, but not under the lock to its end, or the lock stays until its lease runs out.
    return { data: { ran: true, status }, text: '', failure: error };
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** With `--json` what it prints goes to standard error: the one document is ours. Its exit status as a shell would give it; signals that we get are for the command, and the lock is given back after it. */
function runCommand(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  onStart: (pid: number) => void,
  json: boolean,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: env as NodeJS.ProcessEnv,
      stdio: ['inherit', json ? 2 : 'inherit', 'inherit'],
    });
    if (child.pid !== undefined) onStart(child.pid);
    const pass = (signal: NodeJS.Signals) => child.kill(signal);
    for (const signal of signals) process.on(signal, pass);
    const end = () => {
      for (const signal of signals) process.off(signal, pass);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      end();
      if (error.code === 'ENOENT') resolve(127);
      else if (error.code === 'EACCES') resolve(126);
      else reject(error);
    });
    child.once('exit', (code, signal) => {
      end();
      resolve(code ?? 128 + (signal ? (constants.signals[signal] ?? 0) : 0));
    });
  });
}
