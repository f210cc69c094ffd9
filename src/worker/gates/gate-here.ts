import type { Clone } from '../../config/clone.ts';
import type { Config } from '../../config/config.ts';
import { CoordError } from '../../errors.ts';
import { cloneGit } from '../clone-git.ts';
import type { CheckResult, GateReport } from './checks.ts';
import { runChecks } from './run-gates.ts';
import { mergeBase } from './scope.ts';

export interface GateRequest {
  readonly clone: Clone;
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  /** Where the branch is that the work would land on; null: here. */
  readonly remote: string | null;
  readonly changedOnly: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onCheck?: ((result: CheckResult) => void) | undefined;
}

/** The gates on a worktree as it is, committed or not. @throws CoordError `not-ready`, `not-found`, `unavailable` */
export async function gateHere(request: GateRequest): Promise<GateReport> {
  const { clone, config, env, remote, ...how } = request;
  if (clone.topLevel === null)
    throw new CoordError('not-ready', 'there is no worktree here, so there is nothing to check', {
      hint: 'Run it in a worktree.',
    });
  const git = cloneGit(clone.topLevel, env);
  const base = () => mergeBase(git, remote);
  return runChecks({ git, env, quality: config.quality, base, committedOnly: false, ...how });
}
