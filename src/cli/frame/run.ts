/** One command, from its arguments to its exit status: whatever happens, something is said once, and in the form asked for. */
import { resolve } from 'node:path';
import { CoordError, exitCodes } from '../../errors.ts';
import type { Answer, Context } from './context.ts';
import { commandData, commandHelp, findCommand, overview } from './help.ts';
import { exitCodeOf, failureDocument, failureText, stackOf, successDocument, toCoordError } from './output.ts';
import { type GlobalFlags, parseCommand, splitCommandLine, wantsJson } from './parse.ts';
import type { Parsed } from './parsed.ts';
import type { CommandSpec } from './spec.ts';
import { type Outputs, openStreams, type Streams } from './streams.ts';
import { makeStyle } from './style.ts';
import { manyLines } from './text.ts';
import { version } from './version.ts';

/** The process that the command line runs in; `process`, but for tests. */
export interface World extends Outputs {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: () => string;
  /** Rejects when an error reached nobody: an exception in an event's handler, a rejection that nobody waits for. */
  readonly crashed: Promise<never>;
}

/** Runs the command line and gives the exit status; everything has been written when it resolves. */
export async function runCommandLine(world: World): Promise<number> {
  const streams = openStreams(world);
  const reporter = new Reporter(world, streams);
  let status: number;
  try {
    status = await Promise.race([answerOf(world, streams, reporter), world.crashed]);
  } catch (error) {
    status = reporter.failure(toCoordError(error));
  }
  return streams.flush().then(
    () => status,
    (error: Error) => reporter.lostOutput(error),
  );
}

async function answerOf(world: World, streams: Streams, reporter: Reporter): Promise<number> {
  const line = splitCommandLine(world.argv);
  if (line.name === undefined || line.flags.help || line.flags.version) {
    reporter.use(line.flags);
    if (line.flags.version) return reporter.answer({ data: { version }, text: `git-coord ${version}\n` }, true);
    if (line.name === undefined)
      return reporter.answer(
        { data: { usage: 'git coord <command>' }, text: overview(reporter.style, reporter.terminal.columns) },
        true,
      );
  }
  const command = findCommand(line.name);
  const { parsed, flags } = parseCommand(command, line.after, line.flags);
  reporter.use(flags);
  if (flags.version) return reporter.answer({ data: { version }, text: `git-coord ${version}\n` }, true);
  if (flags.help)
    return reporter.answer(
      { data: commandData(command), text: commandHelp(command, reporter.style, reporter.terminal.columns) },
      true,
    );
  return reporter.answer(await runCommand(command, parsed, flags, world, streams, reporter), command.answers === true);
}

async function runCommand(
  command: CommandSpec,
  parsed: Parsed,
  flags: GlobalFlags,
  world: World,
  streams: Streams,
  reporter: Reporter,
): Promise<Answer> {
  const context: Context = {
    argv: world.argv,
    env: world.env,
    cwd: resolve(currentFolder(world), ...flags.directories),
    get terminal() {
      return reporter.terminal;
    },
    get style() {
      return reporter.style;
    },
    json: flags.json,
    quiet: flags.quiet,
    agent: flags.agent,
    write: (text) => streams.out(text),
    room: () => streams.room(),
    notice: (text) => {
      if (!flags.quiet) streams.err(`${manyLines(text)}\n`);
    },
    warn: (text) => streams.err(`warning: ${manyLines(text)}\n`),
    outputClosed: streams.outputClosed,
  };
  const { run } = await command.load();
  return run(context, parsed);
}

/** A folder that was deleted under its shell has no path. */
function currentFolder(world: World): string {
  try {
    return world.cwd();
  } catch (error) {
    throw new CoordError('not-found', 'the current folder does not exist any more', {
      hint: 'Go to a folder that exists, or name one with -C.',
      cause: error,
    });
  }
}

class Reporter {
  readonly #world: World;
  readonly #streams: Streams;
  #json: boolean;
  #quiet = false;
  #noColor: boolean;

  constructor(world: World, streams: Streams) {
    this.#world = world;
    this.#streams = streams;
    this.#json = wantsJson(world.argv);
    this.#noColor = Boolean(world.env.NO_COLOR) || world.env.TERM === 'dumb' || world.argv.includes('--no-color');
  }

  use(flags: GlobalFlags): void {
    this.#json = flags.json;
    this.#quiet = flags.quiet;
    this.#noColor ||= flags.noColor;
  }

  get terminal() {
    const { stdout } = this.#world;
    const isTty = stdout.isTTY === true;
    return { isTty, columns: isTty ? stdout.columns || 80 : Number.POSITIVE_INFINITY, color: isTty && !this.#noColor };
  }

  get style() {
    return makeStyle(this.terminal.color);
  }

  /** `asked`: it is what the user wanted to see, and no mere confirmation. */
  answer(answer: Answer, asked: boolean): number {
    const { failure } = answer;
    if (this.#json)
      this.#streams.out(failure === undefined ? successDocument(answer.data) : failureDocument(failure, answer.data));
    else if (asked || !this.#quiet) this.#streams.out(answer.text);
    if (failure !== undefined) this.#explain(failure);
    return exitCodeOf(answer);
  }

  failure(error: CoordError): number {
    if (this.#json) this.#streams.out(failureDocument(error));
    this.#explain(error);
    return exitCodes[error.code];
  }

  /** The output could not be written, for another reason than that nobody reads it. */
  lostOutput(error: Error): number {
    this.#streams.err(`error: the output could not be written: ${error.message}\n`);
    return exitCodes.internal;
  }

  #explain(error: CoordError): void {
    const color = this.#world.stderr.isTTY === true && !this.#noColor;
    this.#streams.err(failureText(error, makeStyle(color)));
    if (this.#world.env.COORD_DEBUG === '1') this.#streams.err(stackOf(error));
  }
}
