import { join } from 'node:path';
import { type Clone, readClone } from '../config/clone.ts';
import type { Config, LoadedConfig } from '../config/config.ts';
import { type HostProfile, hostOf } from '../config/hosts.ts';
import { loadConfig } from '../config/load.ts';
import { kinds } from '../coordinator/record-kinds.ts';
import { fileFolder } from '../store/folder.ts';
import { decodeRecord } from '../store/record-kind.ts';
import { refLayout } from '../store/ref-layout.ts';
import type { KnownBook } from '../transport/git/kept-of.ts';
import type { Transport } from '../transport/port.ts';

/** A clone, its configuration, and the transport that its book needs. */

export interface Setup {
  readonly clone: Clone;
  readonly loaded: LoadedConfig;
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
}

/** What a clone's configuration says of its book. Null: `init` has not been run. */
export interface BookSettings {
  readonly mode: 'local' | 'remote';
  readonly book: string;
  /** A remote's name or a URL; null in the embedded mode. */
  readonly remote: string | null;
  readonly host: HostProfile | null;
  readonly prefix: string;
}

/** For one request to the remote, and for a local git command. */
export const requestTimeoutMs = 30_000;

export interface SetupRequest {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where it was read before, for this folder. */
  readonly clone?: Clone;
}

/** @throws CoordError `not-found` outside a repository, `config` */
export async function readSetup(request: SetupRequest): Promise<Setup> {
  const clone = request.clone ?? (await readClone(request));
  const loaded = await loadConfig({
    root: clone.topLevel,
    gitConfig: clone.gitConfig,
    env: request.env,
    kept: fileFolder(clone.coordDir),
  });
  return { clone, loaded, config: loaded.config, env: request.env };
}

export function bookSettings({ clone, config }: Setup): BookSettings | null {
  const last = (key: string): string | undefined => clone.gitConfig.get(key)?.at(-1);
  const book = last('coord.book');
  if (book === undefined || config.coordination.mode === 'auto') return null;
  const { mode, prefix } = config.coordination;
  if (mode === 'local') return { mode, book, remote: null, host: null, prefix };
  const remote = config.coordination.remote;
  return { mode, book, remote, host: hostOf(last(`remote.${remote}.url`) ?? remote), prefix };
}

/** The remote whose branch work lands on: the book's, else `origin`; null: the clone's own branch. */
export function landingRemote(setup: Setup): string | null {
  const book = bookSettings(setup);
  if (book !== null) return book.remote;
  return setup.clone.gitConfig.has('remote.origin.url') ? 'origin' : null;
}

export function storePath(clone: Clone): string {
  return join(clone.coordDir, 'store.git');
}

export interface TransportUse {
  /** Lists what the last fetch showed, without asking the remote. */
  readonly cached?: boolean;
  /** The remote takes pushes that we post ourselves. */
  readonly posts?: boolean;
}

export async function openTransport(
  { clone, env }: Setup,
  book: BookSettings,
  { cached = false, posts = false }: TransportUse = {},
): Promise<Transport> {
  const { objectFormat, commonDir } = clone;
  if (book.remote === null) {
    const { createLocalTransport } = await import('../transport/local/local-transport.ts');
    return createLocalTransport({ gitDir: commonDir, objectFormat, env, timeoutMs: requestTimeoutMs });
  }
  const { createGitTransport } = await import('../transport/git/git-transport.ts');
  return createGitTransport({
    store: storePath(clone),
    cloneGitDir: commonDir,
    cloneTop: clone.topLevel ?? commonDir,
    remote: book.remote,
    prefix: book.prefix,
    objectFormat,
    book: knownBook(book),
    env,
    entries: clone.configEntries,
    cached,
    posts,
    limits: { timeoutMs: requestTimeoutMs },
  });
}

function knownBook({ prefix, book }: BookSettings): KnownBook {
  const isOurs: KnownBook['isOurs'] = (record) => {
    const decoded = decodeRecord(kinds.format, '', record);
    return decoded.ok && decoded.note.book === book;
  };
  return { ref: refLayout(prefix).format, isOurs };
}
