import { existsSync } from 'node:fs';
import { CoordError } from '../../errors.ts';
import type { ForeignObjects, RefUpdate } from '../port.ts';
import type { RemoteGit } from './remote-git.ts';

/** What is longer git sends in pieces, once it has seen that it may. */
const packBytesMax = 1024 * 1024;

/**
 * All that a push of the user's code has to bring: what the new values have and the old ones have not. A server that isn't at
 * the old values refuses it anyway. Null: git must push.
 */
export async function packLent(git: RemoteGit, updates: readonly RefUpdate[], foreign: ForeignObjects) {
  // where history is cut off, the server is told where
  if (existsSync(foreign.shallowFile)) return null;
  const ends = updates.filter(({ to }) => to !== null);
  // of a new branch git finds out how much is there already
  if (ends.some(({ from }) => from === null)) return null;
  const input = ends.map(({ from, to }) => `${to}\n^${from}\n`).join('');
  const args = ['pack-objects', '--quiet', '--revs', '--stdout', '--delta-base-offset'];
  const packed = await git.run(args, { foreign, input, outputBytesMax: packBytesMax }).catch((error: unknown) => {
    if (error instanceof CoordError && error.code === 'unavailable') return null;
    throw error;
  });
  return packed?.status === 0 ? packed.stdout : null;
}
