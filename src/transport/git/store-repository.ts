/**
 * The store on disk: a bare repository beside the clone that mirrors the book (protocol 1). Made on demand, and made
 * anew when it is empty, of another object format or broken: everything in it is on the remote too.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { appendFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CoordError } from '../../errors.ts';
import { withFileLock } from '../file-lock.ts';
import { runGit } from '../git-process.ts';
import { makeFolder } from '../make-folder.ts';
import type { ObjectFormat } from '../objects/object-id.ts';
import { cleanWords } from './redact.ts';

export interface StoreOptions {
  /** The bare repository's folder; the one above it is made when absent. */
  readonly store: string;
  readonly objectFormat: ObjectFormat;
  /** Made by `gitEnvironment`. */
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

/** No gc of its own accord, no hooks, no reflogs: nobody but this transport works here. */
const ownConfig =
  '[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[core]\n\thooksPath = /dev/null\n\tlogAllRefUpdates = false\n[uploadpack]\n\tallowAnySHA1InWant = true\n';

/** How often another process that makes or removes the store at the same moment is given way to. */
const attemptsMax = 5;

/**
 * Opens the store, and makes it where there is none or none that could work. Answers its identity: another value than
 * before means that it was replaced, and that processes which had it open must be started again.
 * @throws CoordError `unavailable` when it can't be made (disk full, no rights)
 */
export async function openStore(options: StoreOptions): Promise<string> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const found = inspect(options);
    if (found.kind === 'whole') return found.identity;
    if (found.kind === 'broken') await removeStore(options, null);
    await makeStore(options);
  }
  throw new CoordError('unavailable', `the store ${options.store} could not be made`);
}

/** So many loose refs in one folder aren't worth a process. */
const looseRefsMax = 256;

/**
 * Packs the refs where one of these folders (`refs/…/`) has many that are loose: git opens each of those by itself, which
 * for a thousand tasks takes a command as long as all else. One that fails costs that time, and nothing else.
 */
export async function packManyRefs({ store, env, timeoutMs }: StoreOptions, folders: readonly string[]): Promise<void> {
  if (folders.every((folder) => looseIn(join(store, folder)) <= looseRefsMax)) return;
  await runGit(['pack-refs', '--all'], { gitDir: store, env, timeoutMs });
}

function looseIn(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch {
    return 0;
  }
}

/** Whether what is in the store fits together: every ref has its objects. Slow; asked only after something failed. */
export async function isStoreSound({ store, env, timeoutMs }: StoreOptions): Promise<boolean> {
  const args = ['fsck', '--connectivity-only', '--no-dangling', '--no-progress'];
  const { status, timedOut } = await runGit(args, { gitDir: store, env, timeoutMs });
  return timedOut || status === 0;
}

/**
 * Takes a broken store away; `openStore` makes a new one. Several processes may find it broken at once, so the one that
 * another has put in its place since is left alone.
 * @param identity of the store that was found unsound; null: whatever is there and can't work
 */
export async function removeStore(options: StoreOptions, identity: string | null): Promise<void> {
  const { store, timeoutMs } = options;
  await withFileLock(join(dirname(store), 'store.lock'), timeoutMs, async () => {
    const found = inspect(options);
    if (found.kind === 'broken' || (found.kind === 'whole' && found.identity === identity)) await moveAside(store);
  });
}

async function moveAside(store: string): Promise<void> {
  const aside = `${store}.broken-${randomBytes(6).toString('hex')}`;
  try {
    await rename(store, aside);
  } catch (error) {
    throw new CoordError('unavailable', `the broken store ${store} could not be moved away`, { cause: error });
  }
  await rm(aside, { recursive: true, force: true }).catch(() => {});
}

type Found = { readonly kind: 'absent' | 'broken' } | { readonly kind: 'whole'; readonly identity: string };

/** At once: five looks through the event loop take a command twenty times as long. */
function inspect({ store, objectFormat }: StoreOptions): Found {
  try {
    const folder = statSync(store);
    const [objects, refs, head] = ['objects', 'refs', 'HEAD'].map((name) => statSync(join(store, name)));
    const config = readFileSync(join(store, 'config'), 'utf8');
    const isWhole = objects?.isDirectory() && refs?.isDirectory() && head?.size !== 0 && config.includes('hooksPath');
    const format = /^\s*objectformat\s*=\s*sha256\s*$/im.test(config) ? 'sha256' : 'sha1';
    if (!isWhole || format !== objectFormat) return { kind: 'broken' };
    return { kind: 'whole', identity: `${folder.dev}:${folder.ino}:${folder.birthtimeMs}` };
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      throw new CoordError('unavailable', `the store ${store} can't be read (${code})`, { cause: error });
    }
    return { kind: existsSync(store) ? 'broken' : 'absent' };
  }
}

/** Made beside and renamed, so that nobody sees half of it. Of several processes one wins, and the others use its store. */
async function makeStore({ store, objectFormat, env, timeoutMs }: StoreOptions): Promise<void> {
  const beside = `${store}.new-${randomBytes(6).toString('hex')}`;
  try {
    makeFolder(dirname(store));
    const init = ['init', '--quiet', '--bare', '--template=', `--object-format=${objectFormat}`, beside];
    const { status, stderr } = await runGit(init, { cwd: dirname(store), env, timeoutMs });
    if (status !== 0) throw new CoordError('unavailable', `the store could not be made: ${cleanWords(stderr)}`);
    await appendFile(join(beside, 'config'), ownConfig);
    await rename(beside, store);
  } catch (error) {
    if (error instanceof CoordError) throw error;
    const code = codeOf(error);
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') {
      throw new CoordError('unavailable', `the store ${store} could not be made (${code})`, { cause: error });
    }
  } finally {
    await rm(beside, { recursive: true, force: true }).catch(() => {});
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
