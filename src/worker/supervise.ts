/**
 * Runs somebody's command to its end: in a process group of its own, with a deadline, a way to stop it, and bounded output
 * (trap 31). Whatever it has started is ended with it.
 *
 *   running → exited       by itself, with a status; also when a shell says 127 for what it didn't find
 *           → signalled    by somebody else's signal
 *           → timed-out    its deadline passed: SIGTERM, then SIGKILL
 *           → stopped      we were told to: the same
 *   (none)  → not-started  no such program or folder, or no right to run it
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { killGroup } from '../transport/git-process.ts';
import { boundedOutput } from './bounded-output.ts';
import { lineSplitter } from './line-splitter.ts';
import { type Mark, markedProcesses, newMark, signalled } from './strays.ts';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** From the start, or from the last `postpone`. Absent: no deadline. */
  readonly timeoutMs?: number | undefined;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** Stops it. */
  readonly signal?: AbortSignal | undefined;
  /** Each line that it prints, on either stream. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** How much of what it prints is kept: its beginning and its end. */
  readonly outputBytesMax: number;
  /** By which whoever comes after us finds what we leave behind when we are killed; default: one that nobody else knows. */
  readonly mark?: Mark | undefined;
}

export type Ending =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'not-started'; readonly why: string; readonly notFound: boolean };

export interface Ended {
  readonly ending: Ending;
  readonly output: string;
  readonly durationMs: number;
}

export interface Running {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Never rejects. */
  readonly ended: Promise<Ended>;
  /** It does something: its deadline counts anew from now. */
  postpone(): void;
}

const lineCharactersMax = 16 * 1024;
/** For what is still in the pipes once all that could write there has been ended. */
const drainMs = 1000;
const lookEveryMs = 20;

export function supervise(request: Command): Running {
  const startMs = performance.now();
  const mark = request.mark ?? newMark();
  const child = spawn(request.command, request.args, {
    cwd: request.cwd,
    env: mark.on(request.env),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child, request);
  let forced: 'timed-out' | 'stopped' | undefined;
  let timer: NodeJS.Timeout | undefined;
  const force = (why: 'timed-out' | 'stopped') => {
    if (forced !== undefined) return;
    forced = why;
    void endAll(child, mark, request.graceMs);
  };
  const postpone = (): void => {
    clearTimeout(timer);
    if (request.timeoutMs !== undefined) timer = setTimeout(force, request.timeoutMs, 'timed-out');
  };
  const stop = (): void => force('stopped');
  postpone();
  request.signal?.addEventListener('abort', stop, { once: true });
  if (request.signal?.aborted) stop();
  const ended = endingOf(child).then(async (natural): Promise<Ended> => {
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', stop);
    const durationMs = Math.round(performance.now() - startMs);
    await endAll(child, mark, request.graceMs);
    await output.drained();
    const ending: Ending = natural.kind === 'not-started' || forced === undefined ? natural : { kind: forced };
    return { ending, output: output.text(), durationMs };
  });
  return { pid: child.pid, ended, postpone };
}

function collect(child: ChildProcess, { onLine, outputBytesMax }: Command) {
  const kept = boundedOutput(outputBytesMax);
  const streams = [child.stdout, child.stderr].flatMap((stream) => stream ?? []);
  const closed = Promise.all(
    streams.map(async (stream) => {
      const lines = lineSplitter(lineCharactersMax, (line) => onLine?.(line));
      stream.on('data', (chunk: Buffer) => {
        kept.add(chunk);
        lines.add(chunk);
      });
      stream.on('error', () => {});
      await new Promise<void>((resolve) => stream.once('close', resolve));
      lines.end();
    }),
  );
  return {
    text: kept.text,
    async drained() {
      const timer = setTimeout(() => streams.forEach((stream) => void stream.destroy()), drainMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

function endingOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve({ kind: 'not-started', why: message, notFound: code === 'ENOENT' });
    });
    child.once('exit', (status, signal) =>
      resolve(signal === null ? { kind: 'exited', status: status ?? 0 } : { kind: 'signalled', signal }),
    );
  });
}

/** Ends the group, and what has left it. */
async function endAll(child: ChildProcess, mark: Mark, graceMs: number): Promise<void> {
  if (child.pid === undefined) return;
  const groupIsThere = () => signalled(-(child.pid ?? 0), 0);
  const anyIsThere = () => groupIsThere() || markedProcesses(mark).length > 0;
  if (!anyIsThere()) return;
  killGroup(child, 'SIGTERM');
  for (const pid of markedProcesses(mark)) signalled(pid, 'SIGTERM');
  const untilMs = performance.now() + graceMs;
  while (performance.now() < untilMs && anyIsThere()) await delay(lookEveryMs);
  killGroup(child, 'SIGKILL');
  for (const pid of markedProcesses(mark)) signalled(pid, 'SIGKILL');
}
