import { makeClients } from '../helpers/git-clients.ts';
import { git } from '../helpers/repo.ts';
import { type ServerKind, startServer } from '../helpers/servers.ts';
import { bookInGit } from './git-book.ts';
import type { ContractBook } from './transport-contract.ts';

interface Variant {
  readonly objectFormat?: 'sha1' | 'sha256';
  /** Settings of the server's repository. */
  readonly serverConfig?: Readonly<Record<string, string>>;
  /** Pushes are posted by ourselves. */
  readonly posts?: boolean;
}

/** The contract's book in a repository behind a real server. */
export async function onServer(
  kind: ServerKind,
  { objectFormat = 'sha1', serverConfig = {}, posts = false }: Variant,
): Promise<ContractBook> {
  const server = await startServer(kind, objectFormat);
  for (const [key, value] of Object.entries(serverConfig)) await git(['config', key, value], { cwd: server.bareDir });
  const clients = await makeClients();
  const open = async () =>
    clients.open(await clients.clone(server.url, objectFormat), { objectFormat, posts, env: server.env });
  return {
    ...bookInGit(server.bareDir),
    transport: await open(),
    second: open,
    async close() {
      await clients.close();
      await server.stop();
    },
  };
}
