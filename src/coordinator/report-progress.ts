import type { HeldClaim } from '../domain/claim.ts';
import type { Who } from '../domain/seen.ts';
import { limits, type Progress } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import type { Context } from './context.ts';
import { holdOn } from './finish-task.ts';
import { type Beat, renewClaims } from './renew-claims.ts';
import { showTask } from './show-task.ts';

const beatTriesMax = 5;

/** Says how far the work has come: a beat that carries news (protocol 7). @throws CoordError as `finishTask` */
export async function reportProgress(
  context: Context,
  who: Who,
  id: string,
  text: string,
  percent: number | null,
  command: string,
): Promise<TaskView> {
  if (text.length > limits.textChars) {
    throw new CoordError('usage', `the text has ${text.length} characters; at most ${limits.textChars} fit`);
  }
  const outcome = await holdOn(context, who, id, command);
  await beat(context, id, { text, percent, at: context.clock.wall() }, command);
  const held = context.held.get(id);
  const view = await showTask(context, who, id, outcome);
  const claim = held?.state.claim as HeldClaim | undefined;
  if (!claim || !view.claim || !held) return view;
  return {
    ...view,
    progress: claim.progress,
    claim: { ...view.claim, oid: held.state.claimOid, progress: claim.progress },
  };
}

/** Keeps one claim alive now; sooner than half the interval after the last beat nothing is written. */
export async function renewClaim(context: Context, who: Who, id: string, command: string): Promise<TaskView> {
  const outcome = await holdOn(context, who, id, command);
  await beat(context, id, null, command);
  return showTask(context, who, id, outcome);
}

/** Another process of this clone may beat at the same moment: then from what is there. */
async function beat(context: Context, id: string, news: Progress | null, command: string): Promise<void> {
  let last: Beat | undefined;
  for (let tries = 0; tries < beatTriesMax; tries++) {
    const entry = context.held.get(id);
    if (entry === null)
      throw new CoordError('lost', `the claim of ${id} was ended in this clone meanwhile`, {
        next: [`git coord claim ${id}`],
      });
    const bootMs = context.clock.bootMs();
    const awake = {
      ...entry,
      boot: context.boot,
      untilBootMs: entry.boot === context.boot ? entry.untilBootMs : 0,
      state: { ...entry.state, activeBootMs: bootMs, unsaid: false },
    };
    context.held.put(awake);
    last = (await renewClaims(context, [{ entry: awake, news }])).get(id);
    if (last === 'renewed' || last === 'early') return;
    if (last === 'lost') await holdOn(context, { agent: entry.agent, session: entry.session }, id, command);
    await context.clock.sleep(20 + 80 * context.random());
  }
  throw new CoordError('unavailable', `${id}: the beat could not be settled; the claim still stands`, {
    next: [command],
  });
}
