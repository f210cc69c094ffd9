import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openBookOn } from '../app/book-on-app.ts';
import { type App, openApp } from '../app/open-app.ts';
import type { Book } from '../coordinator/book.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import { refreshScript } from '../hooks/script.ts';
import type { Answer, Context } from './frame/context.ts';
import type { Parsed } from './frame/parsed.ts';
import { shellWord } from './frame/text.ts';

/** What most commands are: open the book, do one thing, count it, close. */
export interface Opened {
  readonly app: App;
  readonly book: Book;
  /** What was typed, without what only changes how the answer looks: a repeat continues a pending attempt. */
  readonly command: string;
  /** What is shown is what was last seen, however long ago: that was asked for, or the remote is away. */
  readonly stale: boolean;
}

export async function withBook(
  context: Context,
  parsed: Parsed,
  work: (opened: Opened) => Promise<Answer>,
  reads = false,
): Promise<Answer> {
  const app = await openApp({ ...openRequest(context, parsed.flag('cached')), mayBeFresh: reads });
  const startedMs = performance.now();
  let result = 'internal';
  try {
    const book = openBookOn(app, process.pid, (problem) => context.warn(problem));
    await finishLandings(app);
    await refreshScript(app.clone.commonDir, app.config);
    const answer = await work({ app, book, command: typed(context), stale: parsed.flag('cached') });
    result = answer.failure?.code ?? 'ok';
    return answer;
  } catch (error) {
    if (error instanceof CoordError) result = error.code;
    throw error;
  } finally {
    await app.meter.write({ op: parsed.command, result, ms: Math.round(performance.now() - startedMs) });
    await app.close();
  }
}

/** A landing that was killed may have left worktrees behind its branch (protocol 4, "Embedded"). */
async function finishLandings({ book, clone, env }: App): Promise<void> {
  if (book.mode !== 'local' || !existsSync(join(clone.coordDir, 'landing'))) return;
  const [{ followLeftMoves }, { cloneGit }] = await Promise.all([
    import('../worker/target-worktrees.ts'),
    import('../worker/clone-git.ts'),
  ]);
  await followLeftMoves(cloneGit(clone.topLevel ?? clone.commonDir, env), clone.coordDir);
}

/** A read: with the remote away the store's data is shown, marked stale, on exit 6 (docs/cli.md, "Reads"). */
export async function readingBook(
  context: Context,
  parsed: Parsed,
  work: (opened: Opened) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await withBook(context, parsed, work, true);
  } catch (error) {
    if (!(error instanceof CoordError) || error.code !== 'unavailable' || parsed.flag('cached')) throw error;
    const stale = await cachedAnswer(context, work);
    if (stale === null) throw error;
    const data = { ...(stale.data as object), stale: true };
    return {
      data,
      text: stale.text,
      failure: new CoordError('unavailable', error.message, {
        hint: 'Shown is what this clone last saw; it may have changed.',
        next: error.next,
      }),
    };
  }
}

/** For advice on what was just written, which stands whether or not the remote can be asked again: none then. */
export async function tasksUnlessAway(book: Book): Promise<TaskView[]> {
  try {
    return (await book.list()).tasks;
  } catch (error) {
    if (error instanceof CoordError && error.code === 'unavailable') return [];
    throw error;
  }
}

async function cachedAnswer(context: Context, work: (opened: Opened) => Promise<Answer>): Promise<Answer | null> {
  const app = await openApp({ ...openRequest(context, true), warn: () => {} });
  try {
    if (app.book.mode === 'local') return null;
    return await work({ app, book: openBookOn(app, process.pid, () => {}), command: typed(context), stale: true });
  } catch (error) {
    // The store knows nothing of it either: what counts is that the remote was away.
    if (error instanceof CoordError) return null;
    throw error;
  } finally {
    await app.close();
  }
}

function openRequest(context: Context, cached: boolean) {
  return {
    cwd: context.cwd,
    env: context.env as NodeJS.ProcessEnv,
    agentFlag: context.agent,
    cached,
    warn: context.warn,
  };
}

const lookOnly = new Set(['--json', '--quiet', '--no-color']);

function typed(context: Context): string {
  const words = context.argv.filter((word) => !lookOnly.has(word));
  return ['git coord', ...words.map(shellWord)].join(' ');
}
