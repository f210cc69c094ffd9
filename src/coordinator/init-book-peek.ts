import { CoordError } from '../errors.ts';
import { gitEnvironment, runGit } from '../transport/git-process.ts';

export interface PeekPlace {
  /** The worktree's root, or the git folder of a bare clone: where relative addresses begin. */
  readonly top: string;
  readonly env: NodeJS.ProcessEnv;
}

const timeoutMs = 30_000;

/**
 * Whether this ref is on the remote, asked with the clone's own git and without writing anything.
 * @throws CoordError `unavailable` with git's words
 */
export async function peekRemote({ top, env }: PeekPlace, remote: string, ref: string): Promise<boolean> {
  const args = ['ls-remote', '--refs', '--', remote, ref];
  const result = await runGit(args, { cwd: top, env: gitEnvironment(env), timeoutMs });
  if (result.status === 0) return result.stdout.toString('utf8').includes(`\t${ref}\n`);
  const words = result.timedOut ? 'it did not answer in time' : gitsWords(result.stderr);
  throw new CoordError('unavailable', `${withoutPassword(remote)} can't be used: ${words}`, {
    hint: 'Nothing was written. Check the address and your rights with: git ls-remote <remote>',
  });
}

/** Whether this ref is in the clone. */
export async function peekClone(commonDir: string, env: NodeJS.ProcessEnv, ref: string): Promise<boolean> {
  const request = { gitDir: commonDir, env: gitEnvironment(env), timeoutMs };
  return (await runGit(['rev-parse', '--verify', '--quiet', ref], request)).status === 0;
}

/** An address as it may be shown. */
export function withoutPassword(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@']*@/gi, '$1');
}

function gitsWords(stderr: string): string {
  const lines = withoutPassword(stderr)
    .split('\n')
    .map((line) => line.replace(/^(fatal|error|remote): ?/, '').trim())
    .filter((line) => line !== '' && !/^(Please make sure|and the repository exists)/.test(line));
  return lines.join('; ').slice(0, 1000) || 'git gave no reason';
}
