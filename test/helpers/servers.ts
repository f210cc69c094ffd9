/** The servers that transports are tested against, each with an empty bare repository. */
import { join } from 'node:path';
import { installServerHooks } from '../../src/hooks/server/install-server.ts';
import { startHttpBackend } from './http-backend.ts';
import { makeBareRepo, makeScratch } from './repo.ts';
import { findSshd, startSshd } from './sshd.ts';

export type ServerKind = 'path' | 'http' | 'ssh';

export interface TestServer {
  /** The bare repository, for looking at it from behind. */
  readonly bareDir: string;
  readonly url: string;
  /** What a client's environment needs in addition. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** Why this kind of server can't run here, or null. */
export function whyNot(kind: ServerKind): string | null {
  if (kind !== 'ssh') return null;
  const found = findSshd();
  return 'skip' in found ? found.skip : null;
}

export async function startServer(
  kind: ServerKind,
  objectFormat: 'sha1' | 'sha256' = 'sha1',
  guarded = false,
): Promise<TestServer> {
  const scratch = await makeScratch();
  const bareDir = await makeBareRepo(join(scratch.dir, 'remote.git'), objectFormat);
  if (guarded) await installServerHooks({ path: bareDir, env: process.env, node: process.execPath });
  if (kind === 'path') return { bareDir, url: bareDir, env: {}, stop: scratch.remove };
  if (kind === 'http') {
    const http = await startHttpBackend({ root: scratch.dir });
    const stop = () => http.stop().then(scratch.remove);
    return { bareDir, url: http.url('remote.git'), env: {}, stop };
  }
  const sshd = await startSshd();
  const stop = () => sshd.stop().then(scratch.remove);
  return { bareDir, url: sshd.url(bareDir), env: { GIT_SSH_COMMAND: sshd.sshCommand }, stop };
}
