/** Looks at, and puts things into, a git repository from behind a transport's back. */
import { gitEnvironment, runGit } from '../../src/transport/git-process.ts';
import type { ContractBook } from './transport-contract.ts';

const timeoutMs = 30_000;

/** What the contract asks of the server itself, for one that is a git repository here. */
export function bookInGit(gitDir: string): Pick<ContractBook, 'verifyRef' | 'plant'> {
  const git = async (args: readonly string[], input?: Buffer): Promise<string | null> => {
    const result = await runGit(args, { gitDir, env: gitEnvironment(process.env), timeoutMs, input });
    return result.status === 0 ? result.stdout.toString('utf8').trim() : null;
  };
  return {
    verifyRef: (ref) => git(['rev-parse', '--verify', '--quiet', ref]),
    async plant(ref, type, body) {
      const oid = await git(['hash-object', '-w', '-t', type, '--stdin'], body);
      if (oid === null || (await git(['update-ref', ref, oid])) === null)
        throw new Error(`${ref} could not be planted`);
      return oid;
    },
  };
}
