import { decideFinish, type FinishOp } from '../domain/decide-finish.ts';
import type { Who } from '../domain/seen.ts';
import type { Json, Task } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import type { BranchMove } from '../store/json-ledger.ts';
import { tryClaim } from './claim-task.ts';
import type { Context } from './context.ts';
import { markLost } from './keep-ledgers.ts';
import type { PairRead } from './read-seen.ts';
import { refusalError } from './refusal-error.ts';
import { showTask } from './show-task.ts';
import { type Outcome, transition } from './transition.ts';

/** Ends a tenure: release, done, fail, send to review (protocol 4). A repeat of one's own is no error. */
export interface FinishOptions extends Partial<Pick<Task, 'landed' | 'review'>> {
  readonly op: FinishOp;
  readonly result?: Json;
  readonly reason?: string;
  /** The branch that moves in the same push: of a landing. */
  readonly branch?: BranchMove;
  /** A read that was just made. */
  readonly first?: PairRead | undefined;
  readonly command: string;
}

const reclaimsMax = 3;

/** @throws CoordError `lost`, `held`, `not-ready`, `not-found`, `unavailable`, `unknown` */
export async function finishTask(context: Context, who: Who, id: string, options: FinishOptions): Promise<TaskView> {
  const ended = await endTenure(context, who, id, options);
  await context.mirror.hide(id);
  return showTask(context, who, id, ended);
}

/** What was written, or that nothing had to be; `branch-moved` where a landing's branch is no longer where it was expected. */
export type Ended = Exclude<Outcome, { kind: 'refused' | 'reclaim' }>;

/** The mirror still shows the claim. @throws CoordError as `finishTask` */
export async function endTenure(context: Context, who: Who, id: string, options: FinishOptions): Promise<Ended> {
  for (let tries = 0; tries < reclaimsMax; tries++) {
    const outcome = await transition(context, {
      id,
      who,
      command: options.command,
      asHolder: true,
      branch: options.branch,
      first: tries === 0 ? options.first : undefined,
      decide: ({ seen }, stamp) => decideFinish(seen, finishRequest(context, who, id, options), stamp),
    });
    if (outcome.kind === 'refused') throw forgetting(context, who, id, outcome);
    if (outcome.kind !== 'reclaim') return outcome;
    await reclaim(context, who, id, options.command);
  }
  throw new CoordError('unavailable', `${id} was pruned again and again while this was tried`, {
    next: [options.command],
  });
}

function finishRequest(
  context: Context,
  who: Who,
  id: string,
  options: Pick<FinishOptions, 'result' | 'reason' | 'landed' | 'review'> & { op: FinishOp | 'go-on' },
) {
  return {
    ...who,
    op: options.op,
    mine: context.held.get(id),
    ended: context.ended.get(id),
    result: options.result ?? null,
    landed: options.landed ?? null,
    review: options.review ?? null,
    error: { code: 'failed', message: options.reason ?? 'no reason given' },
    random: context.random(),
  };
}

/** A tenure that is over isn't kept alive; whoever held it is told so as often as it asks. */
function forgetting(
  context: Context,
  who: Who,
  id: string,
  outcome: Extract<Outcome, { kind: 'refused' }>,
): CoordError {
  const mine = context.held.get(id);
  if (outcome.refusal.reason === 'lost' && mine?.agent === who.agent && mine.session === who.session)
    markLost(context, mine);
  return refusalError(id, outcome.refusal);
}

/**
 * Makes sure that the task is this requester's, for what goes on with it (renew, progress); claims it again when it was
 * pruned and nobody took it (protocol 6). @throws CoordError as `finishTask`
 */
export async function holdOn(context: Context, who: Who, id: string, command: string): Promise<Outcome> {
  for (let tries = 0; tries < reclaimsMax; tries++) {
    const outcome = await transition(context, {
      id,
      who,
      command,
      decide: ({ seen }, stamp) => decideFinish(seen, finishRequest(context, who, id, { op: 'go-on' }), stamp),
    });
    if (outcome.kind === 'refused') throw forgetting(context, who, id, outcome);
    if (outcome.kind !== 'reclaim') return outcome;
    await reclaim(context, who, id, command);
  }
  throw new CoordError('unavailable', `${id} was pruned again and again while this was tried`, { next: [command] });
}

/** Whether by this read the task is this requester's, and nothing has to be put right. */
export function goesOn(context: Context, who: Who, id: string, { seen }: PairRead): boolean {
  const stamp = { by: who.agent, at: context.clock.wall(), nonce: context.nonce() };
  return decideFinish(seen, finishRequest(context, who, id, { op: 'go-on' }), stamp).kind === 'unchanged';
}

async function reclaim(context: Context, who: Who, id: string, command: string): Promise<void> {
  const ttlMs = context.held.get(id)?.ttlMs ?? 20_000;
  const owner = context.held.get(id)?.state.owner ?? null;
  const outcome = await tryClaim(context, who, id, {
    ttlMs,
    force: false,
    create: false,
    owner,
    ownerIsOther: () => false,
    ownerIsGone: () => false,
    command,
  });
  if (outcome.kind === 'refused') {
    const held = context.held.get(id);
    if (held) markLost(context, held);
    const lost =
      outcome.refusal.reason === 'held'
        ? ({ reason: 'lost', how: 'taken-over', agent: outcome.refusal.agent } as const)
        : outcome.refusal;
    throw refusalError(id, lost);
  }
  const held = context.held.get(id);
  if (held) context.held.put({ ...held, state: { ...held.state, owner } });
}
