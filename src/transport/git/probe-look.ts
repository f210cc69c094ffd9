import { CoordError } from '../../errors.ts';
import type { Oid } from '../port.ts';
import { cleanWords, redactUrls } from './redact.ts';
import type { RemoteGit } from './remote-git.ts';

export interface RemoteLook {
  /** Those of the asked-for refs that are there. */
  readonly refs: ReadonlyMap<string, Oid>;
  /** Whether the server speaks protocol v2, as far as it was asked; reads by prefix need it to be cheap. */
  readonly protocolV2: boolean;
}

/** A server that speaks v0 or v1 has no place for such an option: git then ends before it asks for refs. */
const versionQuestion = ['--server-option=git-coord-probe'];

/**
 * The values of these refs on the remote, which nobody keeps.
 * @throws CoordError `unavailable` with git's words
 */
export async function lookAt(
  git: RemoteGit,
  remote: string,
  refs: readonly string[],
  asksVersion: boolean,
): Promise<RemoteLook> {
  const ask = (options: readonly string[]) => git.run(['ls-remote', '--refs', ...options, '--', remote, ...refs]);
  let result = await ask(asksVersion ? versionQuestion : []);
  const isOlder = /server options require protocol version 2/.test(result.stderr);
  if (asksVersion && result.status !== 0 && /server option|server-option/.test(result.stderr)) result = await ask([]);
  const { status, stdout, stderr, timedOut } = result;
  if (status !== 0) {
    const words = cleanWords(stderr) || 'git gave no reason';
    const why = timedOut ? `it did not answer in time: ${words}` : words;
    throw new CoordError('unavailable', `${redactUrls(remote)} could not be asked: ${why}`);
  }
  const found = new Map<string, Oid>();
  for (const line of stdout.toString('utf8').split('\n')) {
    const [oid, ref] = line.split('\t');
    if (oid !== undefined && ref !== undefined && refs.includes(ref)) found.set(ref, oid);
  }
  return { refs: found, protocolV2: !isOlder };
}
