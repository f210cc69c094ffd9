import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { machineId } from '../config/boot.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import type { WorktreePlace } from '../worker/task-worktrees.ts';
import type { Context } from './frame/context.ts';
import type { Opened } from './with-book.ts';

/** The clone's worktrees, as this command's agent uses them. */
export async function worktreePlace({ app }: Opened, notice: (text: string) => void): Promise<WorktreePlace> {
  const { cloneGit } = await import('../worker/clone-git.ts');
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

/** A task has ended here: the worktree that `start` made for it is free. That it can't be freed undoes nothing. */
export async function freeWorktree(context: Context, opened: Opened, task: TaskView): Promise<void> {
  const { clone, config, book } = opened.app;
  if (!existsSync(join(clone.commonDir, 'worktrees'))) return;
  const [{ leaveWorktree }, { targetName }, { taskBranch }] = await Promise.all([
    import('../worker/leave-worktree.ts'),
    import('../worker/target-name.ts'),
    import('../worker/branch-tips.ts'),
  ]);
  try {
    const place = await worktreePlace(opened, context.notice);
    const target = task.landed?.ref ?? `refs/heads/${await targetName(place.git, book.remote, undefined)}`;
    const branch = taskBranch(config.tasks.branch, task.id);
    await leaveWorktree(place, { task: task.id, branch, target, landed: task.landed?.commit ?? null });
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    context.warn(`the worktree of ${task.id} was not freed: ${error.message}`);
  }
}
