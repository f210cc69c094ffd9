import { cloneGit } from '../worker/clone-git.ts';
import type { LandingPlace } from '../worker/landing-code.ts';
import type { App } from './open-app.ts';

/** Where a landing of this clone is made: in one of its worktrees, onto a branch (`refs/heads/…`), without checks. */
export function landingPlace(app: App, dir: string, task: string, target: string): LandingPlace {
  const { clone, env, book, config, transport } = app;
  return {
    git: cloneGit(dir, env),
    remote: book.remote,
    target,
    task,
    commonDir: clone.commonDir,
    coordDir: clone.coordDir,
    strategy: config.land.strategy,
    ask: (refs) => transport.values(refs),
    gates: null,
  };
}
