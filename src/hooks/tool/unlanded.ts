import { branchName, taskBranch } from '../../worker/branch-tips.ts';
import { cloneGit } from '../../worker/clone-git.ts';
import type { Claimant } from './claimant.ts';

const countMax = 999;

/**
 * How many commits of the task's branch are on no target, as this clone knows them: the remote's default branch, or where
 * there is none the usual ones. 0 also when there is no such branch.
 */
export async function unlandedCommits(
  { clone, config }: Claimant,
  env: NodeJS.ProcessEnv,
  task: string,
): Promise<number> {
  const git = cloneGit(clone.topLevel ?? clone.commonDir, env);
  const branch = taskBranch(config.tasks.branch, task);
  const { mode, remote } = config.coordination;
  const folder = mode === 'local' ? 'refs/heads/' : `refs/remotes/${remote}/`;
  const names = mode === 'local' ? ['main', 'master', initialBranch(clone.gitConfig)] : ['HEAD', 'main', 'master'];
  const refs = names.map((name) => folder + name).filter((ref) => ref !== branch);
  const listed = await git.try(['for-each-ref', '--format=%(objectname)', ...refs]);
  const targets = listed.stdout.toString('utf8').split('\n').filter(Boolean);
  const args = ['rev-list', '--count', `--max-count=${countMax}`, branch, '--not', ...targets, '--'];
  const { status, stdout } = await git.try(args);
  return status === 0 ? Number(stdout.toString('utf8')) : 0;
}

const initialBranch = (gitConfig: Claimant['clone']['gitConfig']): string =>
  branchName(gitConfig.get('init.defaultbranch')?.at(-1) || 'main');
