import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkStore, probeBook } from '../app/profile.ts';
import { type BookSettings, openTransport, type Setup } from '../app/setup.ts';
import { hostOf } from '../config/hosts.ts';
import { bad, checked, checkHistory, type Finding, good } from '../coordinator/diagnose.ts';
import { checkRefspecs } from '../coordinator/diagnose-clone.ts';
import { checkCopies } from '../coordinator/diagnose-copies.ts';
import { checkNotes } from '../coordinator/diagnose-notes.ts';
import { readFormat } from '../coordinator/init-book.ts';
import { peekRemote, withoutPassword } from '../coordinator/init-book-peek.ts';
import { kindOf } from '../coordinator/record-kinds.ts';
import { CoordError } from '../errors.ts';
import { recordStore } from '../store/record-store.ts';
import { refLayout } from '../store/ref-layout.ts';
import { type PushAddress, probeFindings } from './doctor-probe.ts';
import { hostReport, unknownHost } from './init-host.ts';

type OnRemote = BookSettings & { readonly remote: string };

/** Nothing is tried on a remote that nobody has chosen: only whether it answers. */
export async function withoutBook(setup: Setup): Promise<Finding[]> {
  const { clone, env, config } = setup;
  const { remote, prefix } = config.coordination;
  const missing = bad('book', 'there is no book in this clone yet', 'git coord init', 'not-found');
  if (!clone.gitConfig.has(`remote.${remote}.url`)) return [missing];
  const reached = await checked('remote', async () => {
    const isThere = await peekRemote({ top: clone.topLevel ?? clone.commonDir, env }, remote, `${prefix}coord/format`);
    return good('remote', `${remote} answers${isThere ? ' and has a book' : ''}`);
  });
  return [missing, reached];
}

export async function remoteFindings(setup: Setup, book: OnRemote) {
  const { clone, env } = setup;
  const shown = withoutPassword(book.remote);
  const place = { top: clone.topLevel ?? clone.commonDir, env };
  const format = refLayout(book.prefix).format;
  const reached = await checked('remote', async () => {
    await peekRemote(place, book.remote, format);
    return good('remote', `${shown} answers`);
  });
  const settings = [checkRefspecs(clone, book.remote, book.prefix), await copiesFinding(setup, book)];
  if (!reached.ok) return { findings: [{ ...reached, fix: `git ls-remote ${shown}` }, ...settings], host: unknownHost };
  const address = hostOf(urlOf(setup, book));
  // first, for a broken one spoils every push
  const store = await checked('store', async () => {
    const state = await checkStore(setup);
    return good('store', state === 'sound' ? 'sound' : 'was broken; made anew from the remote');
  });
  const { findings, found } = await probed(setup, book);
  const notes = await bookFindings(setup, book);
  const host = found === null ? unknownHost : hostReport(found, address);
  return { findings: [reached, store, ...findings, ...notes, ...settings], host };
}

export const embeddedFindings = (setup: Setup, book: BookSettings): Promise<Finding[]> => bookFindings(setup, book);

const urlOf = ({ clone }: Setup, { remote }: OnRemote): string =>
  clone.gitConfig.get(`remote.${remote}.url`)?.at(-1) ?? remote;

function addressOf({ clone: { gitConfig } }: Setup, { remote }: OnRemote): PushAddress {
  const apart = gitConfig.get(`remote.${remote}.pushurl`)?.at(-1);
  return { url: apart ?? gitConfig.get(`remote.${remote}.url`)?.at(-1) ?? remote, isApart: apart !== undefined };
}

async function probed(setup: Setup, book: OnRemote) {
  try {
    const found = await probeBook(setup, book.remote, book.prefix);
    return { found, findings: probeFindings(book, found, addressOf(setup, book)) };
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    return { found: null, findings: [bad('probe', error.message, 'git coord doctor', error.code)] };
  }
}

/** The book itself: that it is the one which this clone joined, and that its notes can be read. */
async function bookFindings(setup: Setup, book: BookSettings): Promise<Finding[]> {
  const place = book.remote === null ? 'this clone' : withoutPassword(book.remote);
  const transport = await openTransport(setup, book);
  try {
    const store = recordStore(transport, refLayout(book.prefix), kindOf);
    const identity = await checked('book', async () => {
      const found = await readFormat(store, place);
      if (found === book.book) return good('book', `${book.mode}, ${book.prefix}, ${found}`);
      const what = found === null ? 'holds no book any more' : 'holds another book than the one this clone joined';
      const fix = found === null && book.remote !== null ? 'git coord restore' : 'git coord init';
      return bad('book', `${place} ${what}`, fix, 'unavailable');
    });
    const shown = book.remote === null ? null : withoutPassword(book.remote);
    const notes = await checked('notes', () => checkNotes(store, shown));
    if (book.remote === null) return [identity, notes];
    return [identity, notes, await checked('history', () => checkHistory(store))];
  } finally {
    await transport.close();
  }
}

async function copiesFinding(setup: Setup, book: OnRemote): Promise<Finding> {
  if (isItself(setup, urlOf(setup, book))) return good('copies', 'the remote is this clone itself');
  const own = await openTransport(setup, { ...book, mode: 'local', remote: null });
  try {
    return await checked('copies', () => checkCopies(own, book.prefix));
  } finally {
    await own.close();
  }
}

/** A clone whose remote is a path to its own refs: they are the book, and no copies. */
function isItself({ clone }: Setup, url: string): boolean {
  const own = [clone.commonDir, clone.topLevel].flatMap((path) => (path === null ? [] : realOf(path)));
  return realOf(resolve(clone.topLevel ?? clone.commonDir, url.replace(/^file:\/\//, ''))).some((path) =>
    own.includes(path),
  );
}

function realOf(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}
