import { join } from 'node:path';
import type { InTurn } from '../../coordinator/land-task.ts';
import type { Json } from '../../domain/task.ts';
import type { TaskView } from '../../domain/view.ts';
import { CoordError } from '../../errors.ts';
import { branchName } from '../branch-tips.ts';
import { type LandingPlace, landingCode, reviewCode } from '../landing-code.ts';
import { gitDirOf } from '../task-worktrees.ts';
import { mustBeClean, type Work, workOf } from '../work.ts';
import type { AttemptEnd } from './events.ts';
import type { Doing, Slot } from './slot.ts';

export interface Deliver {
  /** Work is sent to review on the task's own branch. */
  readonly viaBranch: boolean;
  /** One landing of this process at a time. */
  readonly inTurn: InTurn;
}

/** What an attempt that succeeded has made. */
export interface Made {
  readonly result: Json;
  /** The commit at which it began, if that is the target's: nothing to land. Null: there was work before. */
  readonly began: string | null;
}

/**
 * Brings what succeeded where it belongs.
 * @throws CoordError `lost`, `held`, `conflict`, `gate-failed`, `not-ready` (changes that aren't committed), `unavailable`, `unknown`
 */
export async function deliver(
  slot: Slot,
  task: TaskView,
  dir: string,
  request: Deliver,
  made: Made,
  doing: Doing,
): Promise<AttemptEnd> {
  const place = slot.landingPlace(dir, task.id, doing);
  const work = await workOfBranch(slot, task.id, place, dir);
  mustHaveCommitted(work);
  const commit = work.commit === made.began ? null : work.commit;
  await mustBeClean(place.git, work.changed);
  if (commit === null) {
    await slot.book.done(task.id, made.result);
    return { kind: 'done' };
  }
  const command = `git coord land ${task.id}`;
  if (request.viaBranch) {
    await slot.book.review(task.id, {
      code: async () => reviewCode(place, work, slot.branchOf(task.id)),
      result: made.result,
      command,
    });
    return { kind: 'review' };
  }
  // the worktree is left then, and followed for nothing; checks run in it, though
  const code = async () => landingCode(place, { ...work, isHead: place.gates !== null });
  const { attemptsMax } = slot;
  const landing = { code, attemptsMax, result: made.result, command, onStep: doing.onStep, inTurn: request.inTurn };
  try {
    const { landed } = await slot.book.land(task.id, landing);
    return { kind: 'landed', commit: landed.commit, work: work.commit };
  } catch (error) {
    if (!(error instanceof CoordError) || !error.says('nothing')) throw error;
    // somebody else's landing has brought the very same change
    await slot.book.done(task.id, made.result);
    return { kind: 'done' };
  }
}

/** What the command left must be the task's branch, and finished. @throws CoordError `not-ready` */
async function workOfBranch(slot: Slot, task: string, { git }: LandingPlace, dir: string): Promise<Work> {
  const gitDir = gitDirOf(dir) ?? join(dir, '.git');
  const branch = branchName(slot.branchOf(task));
  const work = await workOf({ git, gitDir, task, from: undefined, branchPattern: branch });
  if (work.branch === branch) return work;
  throw new CoordError('not-ready', `it left ${work.branch || 'a detached HEAD'} checked out, not ${branch}`, {
    hint: 'What lands is what the command commits on the branch that it finds checked out.',
  });
}

/** What a command forgot to commit would neither land nor be looked at by anybody. @throws CoordError `not-ready` */
function mustHaveCommitted({ untracked }: Work): void {
  if (untracked.length > 0)
    throw new CoordError('not-ready', `it left files that are not committed: ${untracked.slice(0, 3).join(', ')}`, {
      hint: 'Have it commit what counts (git add -A), and ignore what does not.',
    });
}
