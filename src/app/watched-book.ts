import type { Clock, Context } from '../coordinator/context.ts';
import { kinds } from '../coordinator/record-kinds.ts';
import type { FormatNote } from '../domain/agent.ts';
import { CoordError } from '../errors.ts';
import type { Freshness } from '../store/freshness.ts';
import type { Decoded } from '../store/record-kind.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Transport } from '../transport/port.ts';
import type { BookSettings } from './setup.ts';

/** For people: who looks all the time needn't write it each time. */
const askedApartMs = 1000;

/** Keeps what reads are worth: when the remote was asked, and that a write ends what earlier reads showed. */
export function noting(transport: Transport, fresh: Freshness, clock: Clock, board: string): Transport {
  let notedMs = Number.NEGATIVE_INFINITY;
  return {
    objectFormat: transport.objectFormat,
    async list(patterns) {
      const [at, nowMs] = [clock.wall(), clock.monoMs()];
      const list = await transport.list(patterns);
      if (patterns.includes(board) && nowMs - notedMs >= askedApartMs) {
        fresh.asked(at);
        notedMs = nowMs;
      }
      return list;
    },
    values: (refs) => transport.values(refs),
    read: (oids) => transport.read(oids),
    trees: (oids) => transport.trees(oids),
    lend: (update, foreign) => transport.lend?.(update, foreign),
    async compareAndSwap(updates, options) {
      try {
        const report = await transport.compareAndSwap(updates, options);
        // once more for those who watch: what they are woken for must be there
        report.noted?.then(
          () => fresh.wrote(clock.bootMs()),
          () => {},
        );
        return report;
      } finally {
        fresh.wrote(clock.bootMs());
      }
    },
    close: () => transport.close(),
  };
}

/** Counts how long the book takes to answer. */
export function timing(transport: Transport, clock: Clock, measured: Context['measured']): Transport {
  const timed = async <T>(what: 'look' | 'push', call: Promise<T>): Promise<T> => {
    const startedMs = clock.monoMs();
    const answer = await call;
    measured(what, 'ok', clock.monoMs() - startedMs);
    return answer;
  };
  return {
    objectFormat: transport.objectFormat,
    list: (patterns) => timed('look', transport.list(patterns)),
    values: (refs) => transport.values(refs),
    read: (oids) => transport.read(oids),
    trees: (oids) => transport.trees(oids),
    lend: (update, foreign) => transport.lend?.(update, foreign),
    compareAndSwap: (updates, options) => timed('push', transport.compareAndSwap(updates, options)),
    close: () => transport.close(),
  };
}

/**
 * Every read asks for the book's identity too, so that a recreated or newer book is noticed (protocol 2), also by a daemon
 * that has run for hours: commands decide on what it saw.
 */
export function checkingBook(store: RecordStore, book: BookSettings): RecordStore {
  let checked: string | undefined;
  const check = (format: Decoded<unknown> | undefined): void => {
    if (format === undefined) throw bookGone(book);
    if (!format.ok) throw new CoordError('unavailable', `the book can't be read: ${format.why}`);
    if ((format.note as FormatNote).book !== book.book) throw otherBook(book);
  };
  return {
    ...store,
    async read(patterns) {
      const shown = await store.read([...patterns, store.layout.format]);
      check(shown.records.get(store.layout.format)?.decoded);
      return shown;
    },
    async tips(patterns) {
      const tips = await store.tips([...patterns, store.layout.format]);
      const format = tips.get(store.layout.format);
      // its value stays the same for as long as it is the same book; of this look, for the next may show another
      if (format === undefined || format !== checked)
        check(format === undefined ? undefined : (await store.history(kinds.format, format, 1))[0]);
      checked = format;
      return tips;
    },
  };
}

function bookGone(book: BookSettings): CoordError {
  const restore = book.mode === 'local' ? [] : ['git coord restore'];
  return new CoordError('unavailable', `there is no book at ${book.remote ?? 'this clone'} any more`, {
    hint: 'Its refs were deleted or the repository was made anew. Nothing was written. restore puts back what this clone has seen of it; init begins a new book.',
    next: [...restore, 'git coord doctor'],
  });
}

function otherBook(book: BookSettings): CoordError {
  return new CoordError(
    'unavailable',
    `${book.remote ?? 'this clone'} holds another book than the one this clone joined`,
    {
      hint: 'The repository was made anew, or the address points elsewhere now. To use the new book, join it.',
      next: ['git coord init --yes'],
    },
  );
}
