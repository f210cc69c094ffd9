import type { Json } from '../../domain/task.ts';
import type { TaskView } from '../../domain/view.ts';
import { CoordError } from '../../errors.ts';
import { tipOf } from '../branch-tips.ts';
import { landingCode, reviewCode } from '../landing-code.ts';
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
  const head = await tipOf(place.git, 'HEAD');
  const commit = head === made.began ? null : head;
  // a landing looks by itself
  if (commit === null || request.viaBranch) await mustBeClean(place.git);
  if (commit === null) {
    await slot.book.done(task.id, made.result);
    return { kind: 'done' };
  }
  const command = `git coord land ${task.id}`;
  if (request.viaBranch) {
    await slot.book.review(task.id, {
      code: async () => reviewCode(place, { commit, isHead: true }, slot.branchOf(task.id)),
      result: made.result,
      command,
    });
    return { kind: 'review' };
  }
  const code = async () => landingCode(place, { commit, isHead: true });
  const landing = { code, attemptsMax: slot.attemptsMax, result: made.result, command, onStep: doing.onStep };
  try {
    const { landed } = await request.oneAtATime(() => slot.book.land(task.id, landing));
    return { kind: 'landed', commit: landed.commit };
  } catch (error) {
    if (!(error instanceof CoordError) || !hasNothing(error)) throw error;
    // somebody else's landing has brought the very same change
    await slot.book.done(task.id, made.result);
    return { kind: 'done' };
  }
}

const hasNothing = ({ data }: CoordError): boolean =>
  typeof data === 'object' && data !== null && 'nothing' in data && data.nothing === true;
