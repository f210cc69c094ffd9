import { machineId } from '../config/boot.ts';
import { cloneGit } from '../worker/clone-git.ts';
import type { WorktreePlace } from '../worker/task-worktrees.ts';
import type { App } from './open-app.ts';

/** The clone's worktrees, as the agent of this app uses them. */
export function worktreePlace(app: App, notice: (text: string) => void): WorktreePlace {
  const { clone, env, book, config, context, who } = app;
  return {
    git: cloneGit(clone.topLevel ?? clone.commonDir, env),
    commonDir: clone.commonDir,
    coordDir: clone.coordDir,
    remote: book.remote,
    isHeld: (task) => {
      const held = context.held.get(task);
      return held !== null && held.state.lost !== true;
    },
    identity: who,
    machine: machineId(),
    freeMax: config.agents.maxConcurrentTasks,
    notice,
  };
}
