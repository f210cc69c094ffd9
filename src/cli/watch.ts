import { once } from 'node:events';
import { eventLine } from './event-text.ts';
import { filterOf } from './filter.ts';
import type { Answer, Context } from './frame/context.ts';
import { successDocument } from './frame/output.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { onGitGone } from './git-gone.ts';
import { onReaderGone } from './reader-gone.ts';
import { withBook } from './with-book.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ app, book }): Promise<Answer> => {
    const { limit = Number.POSITIVE_INFINITY } = filterOf(parsed, false);
    const end = new AbortController();
    const stop = (): void => end.abort();
    // once: who asks again, because the remote doesn't answer, isn't waited for
    for (const signal of signals) process.once(signal, stop);
    context.outputClosed.addEventListener('abort', stop);
    const waits = [onReaderGone(stop), onGitGone(stop)];
    const stopped = once(end.signal, 'abort');
    let told = 0;
    let last: string | null = null;
    let isCut = false;
    const at = () => app.context.clock.wall();
    await book
      .watch({
        since: parsed.text('since'),
        types: parsed.list('type'),
        task: parsed.text('task'),
        agent: parsed.text('agent'),
        signal: end.signal,
        onBegin: (cursor) => {
          last = cursor;
          begun(context, cursor, at());
        },
        onEvent: async (event) => {
          isCut ||= end.signal.aborted;
          if (isCut) return;
          context.write(context.json ? successDocument(event) : eventLine(context, event));
          last = event.cursor;
          if (++told >= limit) stop();
          else await Promise.race([context.room(), stopped]);
        },
        onAway: (error) =>
          error === null
            ? context.notice('the book can be reached again')
            : context.warn(`${error.message}; goes on trying`),
        onGap: (words) => context.warn(oneLine(words)),
      })
      .then((cursor) => {
        last = isCut ? last : cursor;
      })
      .finally(() => {
        for (const signal of signals) process.off(signal, stop);
        for (const endWaiting of waits) endWaiting();
      });
    if (last !== null) context.notice(`git coord watch --since ${last} goes on here`);
    return { data: mark('watch.ended', last, at()), text: '' };
  });

function begun(context: Context, cursor: string, at: string): void {
  if (context.json) context.write(successDocument(mark('watch.begun', cursor, at)));
  else context.notice('watching; Ctrl-C ends it');
}

/** Where a stream begins and ends: no events, but cursors to go on from. */
const mark = (type: string, cursor: string | null, at: string) => ({
  ...{ cursor, id: null, type, at, by: null },
  ...{ task: null, term: null, seq: null, data: null },
});
