import { decideLandingRepair, type Standing } from '../domain/decide-landing-repair.ts';
import type { Who } from '../domain/seen.ts';
import type { Task } from '../domain/task.ts';
import { CoordError } from '../errors.ts';
import type { Context } from './context.ts';
import type { LandingCode } from './landing-code.ts';
import { transition } from './transition.ts';

/**
 * A server that died in the middle of a landing has moved the task and not the branch (protocol 8). Who has the commit
 * pushes it while the branch is still where the landing found it, and the task says so with a `repair`; where the branch
 * shows something else without the commit, the task is opened again.
 *
 * @throws CoordError `lost` when it was opened again, `unavailable`, `unknown`
 */
export async function repairLanding(
  context: Context,
  who: Who,
  id: string,
  landed: NonNullable<Task['landed']>,
  code: LandingCode,
): Promise<void> {
  const standing = await standingOf(context, landed, code);
  if (standing === 'has-it') return;
  const branch = { ...landed, to: landed.commit, ...(code.objects && { objects: code.objects }) };
  const outcome = await transition(context, {
    id,
    who,
    command: `git coord land ${id}`,
    ...(standing === 'at-from' && { branch }),
    decide: ({ seen }) => decideLandingRepair(seen, standing),
  });
  if (outcome.kind === 'branch-moved') return repairLanding(context, who, id, landed, code);
  if (outcome.kind !== 'won' || outcome.op !== 'reopen') return;
  throw new CoordError('lost', `${id} is open again: its landing was cut off, and ${landed.ref} has moved elsewhere`, {
    hint: 'The work is on its branch.',
    next: [`git coord claim ${id}`, `git coord land ${id}`],
  });
}

/** Two reads, because the first may have been made while the server was still carrying the push out. */
async function standingOf(
  context: Context,
  { ref, from, commit }: NonNullable<Task['landed']>,
  code: LandingCode,
): Promise<Standing> {
  await context.store.value(ref);
  const tip = await context.store.value(ref);
  if (tip === commit) return 'has-it';
  if (tip === from) return 'at-from';
  return (await code.contains(await code.targetTip(), commit)) ? 'has-it' : 'elsewhere';
}
