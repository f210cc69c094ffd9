/** Before a push: whether the tasks of the branches are still ours, by the book as it is now. */
import type { App } from '../app/open-app.ts';
import { gitEnvironment, runGit } from '../transport/git-process.ts';
import type { Verdict } from './check-claim.ts';
import { taskOfBranch } from './commit-task.ts';
import { readClaim } from './read-claim.ts';

const gitTimeoutMs = 20_000;
/** How far back the newest `Claim-Term` is looked for. */
const commitsMax = 50;
const pushedMax = 100;

export interface PushedTask {
  readonly task: string;
  /** The branch's new tip. */
  readonly oid: string;
}

/** The tasks of the branches that git's lines for pre-push move (`<local ref> <oid> <remote ref> <oid>`); deletions are none. */
export function pushedTasks(lines: string, pattern: string): PushedTask[] {
  const found = lines.split('\n').flatMap((line) => {
    const [, oid = '', ref = ''] = line.split(' ');
    const task = ref.startsWith('refs/heads/') ? taskOfBranch(ref.slice('refs/heads/'.length), pattern) : null;
    return task === null || /^0*$/.test(oid) ? [] : [{ task, oid }];
  });
  return found.slice(0, pushedMax);
}

/**
 * Held by us, or finished: nobody has had the task since the work on this branch was done, by us as the ledger knows or by
 * the newest `Claim-Term` of its commits.
 */
export async function checkPushed(app: App, { task, oid }: PushedTask): Promise<Verdict> {
  const { verdict, term, claimed } = await readClaim(app, task);
  if (verdict.kind !== 'refused' || claimed || term === null) return verdict;
  const ended = app.context.ended.get(task);
  const worked = ended?.term === term ? term : await newestTerm(app, oid);
  return worked === term ? { kind: 'held', term } : verdict;
}

async function newestTerm({ clone, env }: App, oid: string): Promise<number | null> {
  const format = '--format=%(trailers:key=Claim-Term,valueonly,separator=%x20)';
  const args = ['log', `-${commitsMax}`, format, oid, '--'];
  const { stdout } = await runGit(args, {
    gitDir: clone.gitDir,
    env: gitEnvironment(env),
    timeoutMs: gitTimeoutMs,
  });
  const term = /\d+/.exec(stdout.toString('latin1'))?.[0];
  return term === undefined ? null : Number(term);
}
