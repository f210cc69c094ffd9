import { test } from 'vitest';
import { makeClients } from '../helpers/git-clients.ts';
import { git } from '../helpers/repo.ts';
import { type ServerKind, startServer, whyNot } from '../helpers/servers.ts';
import { bookInGit } from './git-book.ts';
import { type ContractBook, everythingAllowed, transportContract } from './transport-contract.ts';

interface Variant {
  readonly objectFormat?: 'sha1' | 'sha256';
  /** Settings of the server's repository. */
  readonly serverConfig?: Readonly<Record<string, string>>;
}

async function onServer(
  kind: ServerKind,
  { objectFormat = 'sha1', serverConfig = {} }: Variant,
): Promise<ContractBook> {
  const server = await startServer(kind, objectFormat);
  for (const [key, value] of Object.entries(serverConfig)) await git(['config', key, value], { cwd: server.bareDir });
  const clients = await makeClients();
  const open = async () =>
    clients.open(await clients.clone(server.url, objectFormat), { objectFormat, env: server.env });
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

transportContract('git, by path', () => onServer('path', {}));
transportContract('git, by path, sha256', () => onServer('path', { objectFormat: 'sha256' }));
transportContract(
  'git, a server without atomic',
  () => onServer('path', { serverConfig: { 'receive.advertiseAtomic': 'false' } }),
  {
    ...everythingAllowed,
    atomic: false,
  },
);
transportContract('git, over HTTP', () => onServer('http', {}));

const noSsh = whyNot('ssh');
if (noSsh === null) transportContract('git, over ssh', () => onServer('ssh', {}));
else {
  console.log(`SKIP git, over ssh: ${noSsh}`);
  test.skip(`git, over ssh: ${noSsh}`, () => {});
}
