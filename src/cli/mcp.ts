import { resolve } from 'node:path';
import { CoordError } from '../errors.ts';
import type { Answered, Tell, Watching } from '../mcp/commands.ts';
import { serveMcp } from '../mcp/serve.ts';
import type { Answer, Context } from './frame/context.ts';
import { findCommand } from './frame/help.ts';
import { toCoordError } from './frame/output.ts';
import { parseCommand, splitCommandLine } from './frame/parse.ts';
import type { Parsed } from './frame/parsed.ts';
import type { Run } from './frame/spec.ts';
import { version } from './frame/version.ts';

/** It serves also where there is no book yet: each call then says what to type. */
export const run: Run = async (context, parsed) => {
  if (context.json)
    throw new CoordError('usage', 'mcp speaks a protocol of its own on standard output: there is no --json', {
      next: ['git coord help mcp'],
    });
  const { write, warn, outputClosed } = context;
  const stop = () => void process.kill(process.pid, 'SIGTERM');
  await serveMcp(
    { version, input: process.stdin, write, warn, outputClosed, stop },
    {
      run: (words, tell) => runCommand(context, words, tell),
      watch: (request) => watch(context, parsed, request),
    },
  );
  return { data: null, text: '' };
};

/** A command as if it had been typed in the server's folder, but for what it prints. */
async function runCommand(server: Context, words: readonly string[], { notice, warn }: Tell): Promise<Answered> {
  try {
    const line = splitCommandLine(words);
    const command = findCommand(line.name ?? '');
    const { parsed, flags } = parseCommand(command, line.after, line.flags);
    const cwd = resolve(server.cwd, ...flags.directories);
    const { run: work } = await command.load();
    const context = { ...server, argv: words, cwd, json: true, quiet: true, write: () => {}, notice, warn };
    const { data, failure }: Answer = await work(context, parsed);
    return { data, failure };
  } catch (error) {
    throw toCoordError(error);
  }
}

async function watch(context: Context, parsed: Parsed, request: Watching): Promise<void> {
  try {
    // not before somebody wants to be told: it takes as long to load as the rest
    const { withBook } = await import('./with-book.ts');
    await withBook(context, parsed, async ({ book }) => {
      await book.watch({ ...request, onAway: (error) => void (error !== null && request.onAway()) });
      return { data: null, text: '' };
    });
  } catch (error) {
    throw toCoordError(error);
  }
}
