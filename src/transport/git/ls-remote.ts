import { CoordError } from '../../errors.ts';
import type { Oid } from '../port.ts';
import { cleanWords, redactUrls } from './redact.ts';
import type { RemoteGit } from './remote-git.ts';

/**
 * The values of those of these refs that the remote has.
 * @throws CoordError `unavailable` with git's words
 */
export async function lsRemote(git: RemoteGit, remote: string, refs: readonly string[]): Promise<Map<string, Oid>> {
  const { status, stdout, stderr, timedOut } = await git.run(['ls-remote', '--refs', '--', remote, ...refs]);
  if (status !== 0) {
    const words = cleanWords(stderr) || 'git gave no reason';
    const why = timedOut ? `it did not answer in time: ${words}` : words;
    throw new CoordError('unavailable', `${redactUrls(remote)} could not be asked: ${why}`);
  }
  const found = new Map<string, Oid>();
  for (const line of stdout.toString('utf8').split('\n')) {
    const [oid, ref] = line.split('\t');
    // git takes a name for the end of a longer one
    if (oid !== undefined && ref !== undefined && refs.includes(ref)) found.set(ref, oid);
  }
  return found;
}
