import type { Json } from '../../domain/task.ts';
import type { TaskView } from '../../domain/view.ts';
import { CoordError } from '../../errors.ts';
import { tipOf, trackingRef } from '../branch-tips.ts';
import { type LandingPlace, landingCode, reviewCode } from '../landing-code.ts';
import { isAncestor } from '../replay.ts';
import { mustBeClean } from '../work.ts';
import type { AttemptEnd, Work } from './events.ts';
import type { Doing, Slot } from './slot.ts';

export interface Deliver {
  readonly work: Work;
  /** Work is sent to review on the task's own branch. */
  readonly viaBranch: boolean;
  /** One landing of this process at a time: they all move one branch, and would only be in each other's way. */
  readonly oneAtATime: <T>(action: () => Promise<T>) => Promise<T>;
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
  result: Json,
  doing: Doing,
): Promise<AttemptEnd> {
  const place = slot.landingPlace(dir, task.id, doing);
  const commit = await workIn(place);
  // a landing looks by itself
  if (commit === null || request.viaBranch) await mustBeClean(place.git);
  if (commit === null) {
    await slot.book.done(task.id, result);
    return { kind: 'done' };
  }
  const command = `git coord land ${task.id}`;
  if (request.viaBranch) {
    await slot.book.review(task.id, {
      code: async () => reviewCode(place, { commit, isHead: true }, slot.branchOf(task.id)),
      result,
      command,
    });
    return { kind: 'review' };
  }
  const code = async () => landingCode(place, { commit, isHead: true });
  const landing = { code, attemptsMax: slot.attemptsMax, result, command, onStep: doing.onStep };
  try {
    const { landed } = await request.oneAtATime(() => slot.book.land(task.id, landing));
    return { kind: 'landed', commit: landed.commit };
  } catch (error) {
    if (!(error instanceof CoordError) || !hasNothing(error)) throw error;
    // somebody else's landing has brought the very same change
    await slot.book.done(task.id, result);
    return { kind: 'done' };
  }
}

const hasNothing = ({ data }: CoordError): boolean =>
  typeof data === 'object' && data !== null && 'nothing' in data && data.nothing === true;

/** What the worktree has committed and the target lacks; null: nothing. */
async function workIn({ git, remote, target }: LandingPlace): Promise<string | null> {
  const head = await tipOf(git, 'HEAD');
  const known = await tipOf(git, remote === null ? target : trackingRef(remote, target));
  return head === null || (known !== null && (await isAncestor(git, head, known))) ? null : head;
}
