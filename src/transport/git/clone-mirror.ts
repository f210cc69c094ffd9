import { join } from 'node:path';
import { runGit } from '../git-process.ts';
import { copyLooseHistory } from '../objects/copy-loose.ts';
import type { ObjectFormat } from '../objects/object-id.ts';
import { cleanWords } from './redact.ts';

/**
 * Live claims under `refs/claims/*` of the clone whose book is elsewhere, so that `git log refs/claims/<task>` works
 * there as well (protocol 1, "Mirror"). For reading only: no rule looks at it, so what can't be written is reported and
 * does no harm.
 */
export interface CloneMirrorOptions {
  readonly cloneGitDir: string;
  readonly store: string;
  readonly objectFormat: ObjectFormat;
  /** As `gitEnvironment` makes it. */
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly onProblem: (words: string) => void;
}

// The user's hooks could veto it, a reflog would fill up, and gc would run in the user's clone.
const own = [
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.logAllRefUpdates=true',
  '-c',
  'gc.auto=0',
  '-c',
  'maintenance.auto=false',
];

export function cloneMirror({ cloneGitDir, store, objectFormat, env, timeoutMs, onProblem }: CloneMirrorOptions) {
  const git = async (args: readonly string[]): Promise<void> => {
    const { status, stderr } = await runGit([...own, ...args], { gitDir: cloneGitDir, env, timeoutMs });
    if (status !== 0) onProblem(`refs/claims in this clone could not be brought up to date: ${cleanWords(stderr)}`);
  };
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-gc', '--no-recurse-submodules'];
  return {
    async show(task: string, claimOid: string): Promise<void> {
      const ref = `refs/claims/${task}`;
      const copied = await copyLooseHistory(
        join(store, 'objects'),
        join(cloneGitDir, 'objects'),
        objectFormat,
        claimOid,
      );
      await git(copied ? ['update-ref', ref, claimOid] : [...fetch, store, `+${claimOid}:${ref}`]);
    },
    hide: (task: string) => git(['update-ref', '-d', `refs/claims/${task}`]),
    /** All live claims that the last read of the remote showed, and none other. `claims`: below which the store has them. */
    showAll: (claims: string) => git([...fetch, '--prune', store, `+${claims}*:refs/claims/*`]),
  };
}
