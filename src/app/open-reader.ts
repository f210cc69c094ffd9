import { kindOf } from '../coordinator/record-kinds.ts';
import { CoordError } from '../errors.ts';
import { type RecordStore, recordStore } from '../store/record-store.ts';
import { refLayout } from '../store/ref-layout.ts';
import { type BookSettings, bookSettings, openTransport, readSetup, type Setup } from './setup.ts';
import { checkingBook } from './watched-book.ts';

/** A book to look into, without an identity and without writing: also in a clone that never joined it, as a CI job has one. */
export interface BookReader {
  readonly setup: Setup;
  readonly store: RecordStore;
  /** For people. */
  readonly place: string;
  close(): Promise<void>;
}

/**
 * Where `init` was run, that book. Elsewhere whichever one is on the remote that `git config` names (`coord.remote`,
 * `coord.prefix`; `origin`, `refs/`): not by `.coord.yml`, which the very commits that are looked at may have changed.
 * @throws CoordError `not-found` (no repository, no remote, no book there), `config`, `unavailable`
 */
export async function openReader(request: { cwd: string; env: NodeJS.ProcessEnv }): Promise<BookReader> {
  const setup = await readSetup(request);
  const joined = bookSettings(setup);
  const settings = joined ?? unjoined(setup);
  const transport = await openTransport(setup, settings);
  const bare = recordStore(transport, refLayout(settings.prefix), kindOf);
  const store = joined === null ? bare : checkingBook(bare, joined);
  const place = settings.remote ?? 'this clone';
  if (joined === null) {
    const { records } = await store.read([store.layout.format]);
    if (!records.has(store.layout.format)) {
      await transport.close();
      throw noBook(`there is no book on ${place} below ${settings.prefix}`);
    }
  }
  return { setup, store, place, close: () => transport.close() };
}

function unjoined({ clone, config }: Setup): BookSettings {
  const { remote, prefix } = config.coordination;
  if (!clone.gitConfig.has(`remote.${remote}.url`))
    throw noBook('there is no book in this clone, and no remote to ask');
  return { mode: 'remote', book: '', remote, host: null, prefix };
}

const noBook = (message: string): CoordError =>
  new CoordError('not-found', message, {
    hint: 'A clone that only looks needs no init: name where the book is.',
    next: ['git config coord.remote <name>', 'git config coord.prefix <prefix>', 'git coord init'],
  });
