/** Clones of a test server, each with a git transport. */
import { join } from 'node:path';
import { createGitTransport } from '../../src/transport/git/git-transport.ts';
import type { Transport } from '../../src/transport/port.ts';
import { git, makeScratch } from './repo.ts';

export interface ClientOptions {
  readonly remote?: string | undefined;
  readonly prefix?: string | undefined;
  readonly objectFormat?: 'sha1' | 'sha256' | undefined;
  /** In addition to the test's own environment. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly timeoutMs?: number | undefined;
  readonly posts?: boolean | undefined;
}

/** The store of a clone. */
export function storeOf(clone: string): string {
  return join(clone, '.git', 'coord', 'store.git');
}

export function openClient(clone: string, options: ClientOptions = {}): Transport {
  return createGitTransport({
    store: storeOf(clone),
    cloneGitDir: join(clone, '.git'),
    cloneTop: clone,
    remote: options.remote ?? 'origin',
    prefix: options.prefix ?? 'refs/',
    objectFormat: options.objectFormat ?? 'sha1',
    env: { ...process.env, ...options.env },
    posts: options.posts,
    limits: { timeoutMs: options.timeoutMs ?? 30_000 },
  });
}

export interface Clients {
  readonly dir: string;
  /** A new clone (empty, with the remote `origin`). */
  clone(url: string, objectFormat?: 'sha1' | 'sha256'): Promise<string>;
  /** A transport in that clone; `close` closes it. */
  open(clone: string, options?: ClientOptions): Transport;
  close(): Promise<void>;
}

export async function makeClients(): Promise<Clients> {
  const scratch = await makeScratch();
  const opened: Transport[] = [];
  let clones = 0;
  return {
    dir: scratch.dir,
    async clone(url, objectFormat = 'sha1') {
      clones += 1;
      const clone = join(scratch.dir, `clone${clones}`);
      await git(['init', '--quiet', '--template=', `--object-format=${objectFormat}`, clone], { cwd: scratch.dir });
      await git(['remote', 'add', 'origin', url], { cwd: clone });
      return clone;
    },
    open(clone, options) {
      const transport = openClient(clone, options);
      opened.push(transport);
      return transport;
    },
    async close() {
      await Promise.all(opened.map((transport) => transport.close()));
      await scratch.remove();
    },
  };
}
