import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import type { Context } from './frame/context.ts';
import type { Opened } from './with-book.ts';

/**
 * A task has ended here: the worktree that `start` made for it is free. That it can't be freed undoes nothing.
 * @returns for whoever sits in it: that no branch is checked out there any more, and what to type next
 */
export async function freeWorktree(context: Context, opened: Opened, task: TaskView): Promise<string> {
  const { clone, config, book } = opened.app;
  if (!existsSync(join(clone.commonDir, 'worktrees'))) return '';
  const [{ leaveWorktree }, { targetName }, { taskBranch }, { worktreePlace }] = await Promise.all([
    import('../worker/leave-worktree.ts'),
    import('../worker/target-name.ts'),
    import('../worker/branch-tips.ts'),
    import('../app/worktree-place.ts'),
  ]);
  try {
    const place = worktreePlace(opened.app, context.notice);
    const target = task.landed?.ref ?? `refs/heads/${await targetName(place.git, book.remote, undefined)}`;
    const branch = taskBranch(config.tasks.branch, task.id);
    const commit = task.landed?.commit;
    const landed = commit === undefined ? null : { commit, work: commit };
    const detached = await leaveWorktree(place, { task: task.id, branch, target, landed });
    return detached !== null && detached === clone.topLevel ? nextHere : '';
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    context.warn(`the worktree of ${task.id} was not freed: ${error.message}`);
    return '';
  }
}

const nextHere =
  'this worktree is detached now, ready for the next task: git coord start <id>, one of git coord ready\n';
