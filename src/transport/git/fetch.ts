/** Fetches refs of the remote into the store's tracking refs, which then show what the remote showed: forced, pruned. */
import { rm } from 'node:fs/promises';
import { sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CoordError } from '../../errors.ts';
import { cleanWords, redactUrls } from './redact.ts';
import type { RemoteGit } from './remote-git.ts';

const flags = [
  '--quiet',
  '--prune',
  '--force',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-auto-gc',
  '--no-recurse-submodules',
  '--no-show-forced-updates',
];

/** Tries at the store's own ref locks: another process of this clone notes its push within milliseconds. */
const lockAttemptsMax = 6;
const lockWaitMs = 60;

export interface FetchRequest {
  readonly store: string;
  readonly remote: string;
  readonly refspecs: readonly string[];
}

/**
 * Fetches. Run by one process at a time (`withFetchLock`).
 * @throws CoordError `unavailable` with git's words, when the remote could not be asked or the store is broken
 */
export async function fetchRefs(git: RemoteGit, { store, remote, refspecs }: FetchRequest): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { status, stderr, timedOut } = await git.run(['fetch', ...flags, '--', remote, ...refspecs]);
    if (status === 0) return;
    const locks = storeLocks(stderr, store);
    if (timedOut || attempt > lockAttemptsMax || !(locks.length > 0 || /cannot lock ref/.test(stderr))) {
      throw unavailable(remote, stderr, timedOut);
    }
    // nobody but us fetches here, and others hold a lock for milliseconds: one that stays is a killed process's
    if (attempt === lockAttemptsMax) await Promise.all(locks.map((lock) => rm(lock, { force: true })));
    else await delay(lockWaitMs * attempt * Math.random());
  }
}

/** The lock files below the store that git found in its way. */
function storeLocks(stderr: string, store: string): string[] {
  const found = [...stderr.matchAll(/Unable to create '([^'\n]+\.lock)': File exists/g)].map(([, path]) => path ?? '');
  return [...new Set(found)].filter((path) => path.startsWith(store + sep));
}

function unavailable(remote: string, stderr: string, timedOut: boolean): CoordError {
  const words = cleanWords(stderr);
  const why = timedOut ? `it did not answer in time${words === '' ? '' : `: ${words}`}` : words || 'git gave no reason';
  return new CoordError('unavailable', `${redactUrls(remote)} could not be asked: ${why}`, {
    hint: 'nothing is known of the remote now: this does not mean that a task is free',
  });
}
