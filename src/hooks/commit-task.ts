/** Which task a commit belongs to: the one that its branch names, else the one of its message's `Task:` trailer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clone } from '../config/clone.ts';
import { isId } from '../domain/ids.ts';
import { gitEnvironment, runGit } from '../transport/git-process.ts';

const gitTimeoutMs = 20_000;

/** The id in a branch's name by the configured pattern (`task/{id}`); null: the branch has no task. Capitals are folded. */
export function taskOfBranch(branch: string, pattern: string): string | null {
  const [start = '', end = ''] = pattern.split('{id}');
  if (!branch.startsWith(start) || !branch.endsWith(end) || branch.length <= start.length + end.length) return null;
  const id = branch.slice(start.length, branch.length - end.length).toLowerCase();
  return isId(id) ? id : null;
}

/** The branch of a worktree, also while it is being rebased; null when there is none. */
export async function currentBranch(clone: Pick<Clone, 'gitDir'>, env: NodeJS.ProcessEnv): Promise<string | null> {
  const head = readText(join(clone.gitDir, 'HEAD'));
  const direct = /^ref: refs\/heads\/(.+)\n/.exec(head ?? '')?.[1];
  if (direct !== undefined && direct !== '.invalid') return direct;
  const { stdout, status } = await runGit(['symbolic-ref', '--quiet', '--short', 'HEAD'], {
    gitDir: clone.gitDir,
    env: gitEnvironment(env),
    timeoutMs: gitTimeoutMs,
  });
  if (status === 0) return stdout.toString('utf8').trim();
  const names = ['rebase-merge', 'rebase-apply'].map((folder) => readText(join(clone.gitDir, folder, 'head-name')));
  return /^refs\/heads\/(.+)/.exec(names.find((name) => name !== null) ?? '')?.[1] ?? null;
}

/**
 * The task that a message's trailers name. Null also for a message that has a `Claim-Term` already: it was stamped when it
 * was first written (amended, reworded, picked), by somebody who held the task then.
 */
export async function taskOfMessage(file: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const args = ['interpret-trailers', '--parse', '--no-divider', file];
  const { stdout } = await runGit(args, { cwd, env: gitEnvironment(env), timeoutMs: gitTimeoutMs });
  const trailers = stdout.toString('utf8').split('\n');
  if (trailers.some((line) => /^claim-term:/i.test(line))) return null;
  const named = trailers.flatMap((line) => /^task: *(\S+)$/i.exec(line)?.[1]?.toLowerCase() ?? []);
  return named.filter(isId).at(-1) ?? null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
