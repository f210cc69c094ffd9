import { CoordError } from '../errors.ts';
import { taskBranch } from '../worker/branch-tips.ts';
import { cloneGit } from '../worker/clone-git.ts';
import type { LandingGates } from '../worker/gates/landing-gates.ts';
import { type LandingPlace, landingCode, reviewCode } from '../worker/landing-code.ts';
import { targetName } from '../worker/target-name.ts';
import { workOf } from '../worker/work.ts';
import { gatesOf } from './gates-of.ts';
import type { App } from './open-app.ts';

export interface LandingRequest {
  readonly task: string;
  /** The branch to land on; the remote's default branch when absent. */
  readonly onto: string | undefined;
  /** What lands; HEAD when absent. */
  readonly from: string | undefined;
  /** What goes on, for people. */
  readonly tell: (text: string) => void;
  readonly whileStoppable: LandingGates['whileStoppable'];
}

/** A landing from the worktree of this app. @throws CoordError `not-ready` without a worktree, `usage` */
export async function landingOn(app: App, { task, onto, from, tell, whileStoppable }: LandingRequest) {
  const { clone, env, config, book } = app;
  if (clone.topLevel === null)
    throw new CoordError('not-ready', 'there is no worktree here, so there is no work to land', {
      hint: 'Land from a worktree of the task.',
    });
  const git = cloneGit(clone.topLevel, env);
  const target = `refs/heads/${await targetName(git, book.remote, onto)}`;
  const branch = taskBranch(config.tasks.branch, task);
  const place: LandingPlace = {
    git,
    remote: book.remote,
    target,
    task,
    commonDir: clone.commonDir,
    coordDir: clone.coordDir,
    strategy: config.land.strategy,
    gates: gatesOf({ quality: config.quality, env, tell, whileStoppable }),
  };
  const work = () => workOf({ git, gitDir: clone.gitDir, task, from, branchPattern: config.tasks.branch });
  return {
    target,
    branch,
    attemptsMax: config.land.attemptsMax,
    code: async () => landingCode(place, await work()),
    reviewCode: async () => reviewCode(place, await work(), branch),
  };
}
