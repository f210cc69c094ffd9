import { join } from 'node:path';
import type { Profile } from '../coordinator/context.ts';
import { fileFolder } from '../store/folder.ts';
import { jsonLedger } from '../store/json-ledger.ts';
import type { ProbeResult } from '../transport/git/probe.ts';
import { makeFolder } from '../transport/make-folder.ts';
import { type BookSettings, requestTimeoutMs, type Setup, storePath } from './setup.ts';

/** git itself, in this clone, was probed by everybody. A remote is trusted once `init` or `doctor` has probed it. */
const ownRefs: Profile = { trusted: true, atomic: true, deletes: true, nonFastForward: true };

/** What a probe found, and at which address: a remote's name may come to mean another server. */
export interface StoredProfile extends Profile {
  readonly address: string;
  readonly protocolV2: boolean;
  /** It takes pushes that we post ourselves. */
  readonly posts?: boolean;
}

const profileName = 'profile.json';

/** What the last probe found of this remote; null: nothing that can be trusted. */
export function storedProfile(setup: Setup, remote: string): StoredProfile | null {
  const stored = jsonLedger<StoredProfile>(fileFolder(setup.clone.coordDir)).get(profileName);
  return stored?.address === addressOf(setup, remote) ? stored : null;
}

/** Without who asks it: a password would be in it. */
export function addressOf({ clone }: Setup, remote: string): string {
  const urls = ['pushurl', 'url'].flatMap((key) => clone.gitConfig.get(`remote.${remote}.${key}`) ?? []);
  return JSON.stringify([remote, ...urls].map((url) => url.replace(/^(https?:\/\/)[^/]*@/i, '$1')));
}

/**
 * Tries what this remote allows, and keeps what was found (protocol 5). Four pushes.
 * @throws CoordError `unavailable`
 */
export async function probeBook(setup: Setup, remote: string, prefix: string): Promise<ProbeResult> {
  const { clone, env } = setup;
  const { probeRemote } = await import('../transport/git/probe.ts');
  const { commonDir, objectFormat } = clone;
  const places = { store: storePath(clone), cloneGitDir: commonDir, cloneTop: clone.topLevel ?? commonDir };
  const result = await probeRemote({ ...places, remote, prefix, objectFormat, env, timeoutMs: requestTimeoutMs });
  const ledger = jsonLedger<StoredProfile>(fileFolder(clone.coordDir));
  if (result.compareAndSwap !== true) ledger.remove(profileName);
  else {
    const { atomic, deletes, nonFastForward } = result;
    const found = { atomic: atomic === true, deletes: deletes === true, nonFastForward: nonFastForward === true };
    ledger.put(profileName, {
      address: addressOf(setup, remote),
      trusted: true,
      ...found,
      protocolV2: result.protocolV2,
      posts: result.posts,
    });
  }
  return result;
}

/**
 * Looks the store through. A broken one is taken away: the next read fills a new one from the remote.
 * @throws CoordError `unavailable` when there can be no store (disk full, no rights)
 */
export async function checkStore({ clone, env }: Setup): Promise<'sound' | 'rebuilt'> {
  const [{ isStoreSound, openStore, removeStore }, { gitEnvironment }] = await Promise.all([
    import('../transport/git/store-repository.ts'),
    import('../transport/git-process.ts'),
  ]);
  const { objectFormat } = clone;
  const store = { store: storePath(clone), objectFormat, env: gitEnvironment(env), timeoutMs: requestTimeoutMs };
  const identity = await openStore(store);
  if (await isStoreSound(store)) return 'sound';
  await removeStore(store, identity);
  return 'rebuilt';
}

/** One `init` of a clone at a time: others wait. */
export async function withInitLock<T>({ clone }: Setup, work: () => Promise<T>): Promise<T> {
  const { withFileLock } = await import('../transport/file-lock.ts');
  makeFolder(clone.coordDir);
  return withFileLock(join(clone.coordDir, 'init.lock'), 20 * requestTimeoutMs, work);
}

/** Whether pushes may be posted by ourselves, as far as a probe found. */
export function takesPosts(setup: Setup, book: BookSettings): boolean {
  return book.remote !== null && storedProfile(setup, book.remote)?.posts === true;
}

export function readProfile(setup: Setup, book: BookSettings): Profile {
  if (book.remote === null) return ownRefs;
  const stored = storedProfile(setup, book.remote);
  if (stored !== null) return stored;
  return {
    trusted: false,
    atomic: book.host?.atomic ?? true,
    deletes: book.host?.deletes ?? true,
    nonFastForward: true,
  };
}
