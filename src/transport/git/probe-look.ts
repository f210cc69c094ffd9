import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Oid } from '../port.ts';
import { lsRemote } from './ls-remote.ts';
import { RemoteGit, type RemoteGitOptions } from './remote-git.ts';

export interface RemoteLook {
  /** Those of the asked-for refs that are there. */
  readonly refs: ReadonlyMap<string, Oid>;
  /** Whether the server speaks protocol v2: reads by prefix need it to be cheap. */
  readonly protocolV2: boolean;
}

/**
 * The values of these refs on the remote, which nobody keeps.
 * @throws CoordError `unavailable` with git's words
 */
export async function lookAt(
  options: RemoteGitOptions & { readonly remote: string },
  refs: readonly string[],
): Promise<RemoteLook> {
  const { store, env, remote } = options;
  // what git's answers don't tell stands in its trace: which protocol the server chose
  const trace = join(dirname(store), `probe-trace-${randomBytes(6).toString('hex')}`);
  const git = new RemoteGit({ ...options, env: { ...env, GIT_TRACE_PACKET: trace } });
  try {
    const shown = await lsRemote(git, remote, refs);
    const protocolV2 = /< version 2$/m.test(await readFile(trace, 'latin1').catch(() => ''));
    return { refs: shown, protocolV2 };
  } finally {
    await rm(trace, { force: true });
  }
}
