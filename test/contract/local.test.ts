import { join } from 'node:path';
import { createLocalTransport } from '../../src/transport/local/local-transport.ts';
import type { Transport } from '../../src/transport/port.ts';
import { git, makeScratch } from '../helpers/repo.ts';
import { bookInGit } from './git-book.ts';
import { type ContractBook, transportContract } from './transport-contract.ts';

async function inClone(objectFormat: 'sha1' | 'sha256'): Promise<ContractBook> {
  const scratch = await makeScratch();
  await git(['init', '--quiet', `--object-format=${objectFormat}`, scratch.dir], { cwd: scratch.dir });
  const gitDir = join(scratch.dir, '.git');
  const opened: Transport[] = [];
  const open = () => {
    const transport = createLocalTransport({ gitDir, objectFormat, env: process.env, timeoutMs: 30_000 });
    opened.push(transport);
    return transport;
  };
  return {
    ...bookInGit(gitDir),
    transport: open(),
    second: async () => open(),
    async close() {
      await Promise.all(opened.map((transport) => transport.close()));
      await scratch.remove();
    },
  };
}

transportContract('local', () => inClone('sha1'));
transportContract('local, sha256', () => inClone('sha256'));
