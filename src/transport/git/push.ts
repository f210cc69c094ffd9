/** One push of the book: explicit leases, no hooks, no tags, and an answer for each ref. */
import type { ForeignObjects, RefUpdate } from '../port.ts';
import { type PushReading, parsePush } from './parse-push.ts';
import type { RemoteGit } from './remote-git.ts';

const flags = [
  '--porcelain',
  '--no-verify',
  '--no-signed',
  '--no-follow-tags',
  '--no-progress',
  '--no-thin',
  '--recurse-submodules=no',
  '--no-force-if-includes',
];

export interface PushRequest {
  readonly remote: string;
  readonly updates: readonly RefUpdate[];
  readonly atomic: boolean;
  readonly foreign: ForeignObjects | undefined;
  /** Called when the remote is at work on a request of our own over HTTP: git's own push, and one by path, never do. */
  readonly onSent?: () => void;
}

export interface PushResult extends PushReading {
  /** git's unabridged words, for telling a broken store from a server that refuses. */
  readonly stderr: string;
}

/** Pushes. Whatever git and the server say is a reading, never an error. */
export async function push(git: RemoteGit, { remote, updates, atomic, foreign }: PushRequest): Promise<PushResult> {
  // an empty value means "must not exist"; without the colon git would take its own idea of the remote's value (trap 3)
  const leases = updates.map(({ ref, from }) => `--force-with-lease=${ref}:${from ?? ''}`);
  const specs = updates.map(({ ref, to }) => `${to ?? ''}:${ref}`);
  const atomically = atomic ? ['--atomic'] : ['--no-atomic'];
  const result = await git.run(['push', ...flags, ...atomically, ...leases, '--', remote, ...specs], { foreign });
  const output = { ...result, stdout: result.stdout.toString('utf8') };
  const refs = updates.map(({ ref }) => ref);
  return { ...parsePush(output, refs, atomic), stderr: result.stderr };
}
