import type { Decision, Refusal, Stamp, Via } from '../domain/decision.ts';
import type { Seen, Who } from '../domain/seen.ts';
import type { Task } from '../domain/task.ts';
import { CoordError } from '../errors.ts';
import type { BranchMove } from '../store/json-ledger.ts';
import type { BookRead } from '../store/record-store.ts';
import { type Attempt, makeAttempt, taskOf, viaOf } from './attempt.ts';
import { type Context, decisionsMax } from './context.ts';
import { type Archived, findArchived } from './find-archived.ts';
import { keepLedgers } from './keep-ledgers.ts';
import { type PairRead, readPair } from './read-seen.ts';
import { type SendOptions, type Sent, sendAttempt } from './send-attempt.ts';

/**
 * Read, decide, commit: the one way in which a task changes. On a conflict the decision is made again on the fresh
 * record; an old decision is never sent again, an unsettled attempt is never replaced by a new one (protocol 5).
 *
 *   won        the remote held our commit. `task` is as we wrote it, `tip` its commit
 *   unchanged  nothing had to be written
 *   reclaim    our tenure was pruned and the task is free: claim it again first
 *   refused    a value, with its reason
 */
export type Outcome =
  | {
      readonly kind: 'won';
      readonly task: Task;
      readonly tip: string;
      readonly at: string;
      readonly op: string;
      readonly via: Via | undefined;
      /** Known from reading the task again, not from the answer to the push: other refs of it may not have moved (protocol 8). */
      readonly bySight: boolean;
    }
  | { readonly kind: 'unchanged'; readonly seen: Seen; readonly book: BookRead; readonly via: Via | undefined }
  | { readonly kind: 'reclaim'; readonly seen: Seen }
  /** Of a landing: its branch is no longer where it was; nothing was written. */
  | { readonly kind: 'branch-moved' }
  | { readonly kind: 'refused'; readonly seen: Seen; readonly refusal: Refusal };

type Superseded = Extract<Sent, { kind: 'superseded' }>;

export interface TransitionRequest {
  readonly id: string;
  readonly who: Who;
  /** What a person would type to repeat it: a repeat continues a pending attempt. */
  readonly command: string;
  readonly decide: (read: PairRead, stamp: Stamp) => Decision | Promise<Decision>;
  /** Refs that the decision needs besides the task's own two. */
  readonly more?: readonly string[] | undefined;
  /** A read of both refs, and of `more`, that was just made: an older one only costs a push that fails. */
  readonly first?: PairRead | undefined;
  /** An operation of the holder: it follows the beats of its own tenure. */
  readonly asHolder?: boolean;
  /** A branch that moves in the same push. */
  readonly branch?: BranchMove | undefined;
  /** Of a claim: the process with which it lives. */
  readonly owner?: Attempt['owner'];
}

/** @throws CoordError `unavailable`, `unknown` */
export async function transition(context: Context, request: TransitionRequest): Promise<Outcome> {
  const outcome = await decideAndCommit(context, request);
  if (outcome.kind === 'refused' && outcome.refusal.reason === 'lost') context.measured('fenced', 'lost', 0);
  return outcome;
}

async function decideAndCommit(context: Context, request: TransitionRequest): Promise<Outcome> {
  const { id, who, more } = request;
  let read = request.first ?? (await readPair(context, id, more));
  let isFirst = request.first !== undefined;
  for (let decisions = 0; decisions < decisionsMax; decisions++) {
    context.observed.save();
    const stamp = { by: who.agent, at: context.clock.wall(), nonce: context.nonce() };
    const decision = await request.decide(read, stamp);
    if (isFirst && decision.kind !== 'write') {
      // Nobody is refused for what was so a moment ago; a write proves by itself that nothing changed.
      isFirst = false;
      read = await readPair(context, id, more);
      continue;
    }
    isFirst = false;
    const archived = isNew(read.seen, decision) ? (await findArchived(context, [id])).get(id) : undefined;
    if (archived) return onArchived(request, read, archived, decision, stamp);
    if (decision.kind === 'refused') return { kind: 'refused', seen: read.seen, refusal: decision.refusal };
    if (decision.kind === 'unchanged') return { kind: 'unchanged', ...read, via: decision.via };
    if (decision.kind === 'reclaim') return { kind: 'reclaim', seen: read.seen };
    const attempt = makeAttempt(context, request, read.seen, decision, stamp);
    const outcome = await commitAttempt(context, attempt, { more });
    if (outcome.kind !== 'superseded' && !decision.again) return outcome;
    if (outcome.kind === 'superseded' && decisions === 0) read = outcome.read;
    else {
      // Many write to this task: out of step with them.
      if (outcome.kind === 'superseded') await context.clock.sleep(30 * (decisions + 1) * context.random());
      read = await readPair(context, id, more);
    }
  }
  throw new CoordError('unavailable', `${id} changed ${decisionsMax} times while this was tried`, {
    hint: 'Nothing was written. Try again.',
  });
}

/** Nothing is written any more. A repeat of what ended it is answered as before, and so is whoever had lost it; all else is refused. */
async function onArchived(
  { decide }: TransitionRequest,
  { seen, book }: PairRead,
  task: Archived,
  decision: Decision,
  stamp: Stamp,
): Promise<Outcome> {
  const again = decision.kind === 'write' ? null : await decide({ seen: { ...seen, task }, book }, stamp);
  if (again?.kind === 'unchanged') return { kind: 'unchanged', seen, book, via: again.via };
  const isLost = again?.kind === 'refused' && again.refusal.reason === 'lost';
  const refusal: Refusal = isLost ? { ...again.refusal, archived: true } : { reason: 'archived' };
  return { kind: 'refused', seen, refusal };
}

/** It would be made, or isn't known: then it may have been archived, which is asked after its absence was seen. */
function isNew({ task }: Seen, decision: Decision): boolean {
  const isUnknown = decision.kind === 'refused' && decision.refusal.reason === 'not-found';
  return task.kind === 'absent' && (decision.kind === 'write' || isUnknown);
}

/**
 * Writes an attempt down, sends it, and keeps the ledgers by what became of it. Superseded: decide again on that read.
 * @throws CoordError `unavailable` (not applied), `unknown` (stays pending)
 */
export async function commitAttempt(
  context: Context,
  attempt: Attempt,
  options: SendOptions,
): Promise<Outcome | Superseded> {
  context.pending.put(attempt.name, attempt);
  const sent = await sendAttempt(context, attempt, options);
  if (sent.kind === 'unknown') throw unknownError(attempt, sent.message);
  if (sent.kind !== 'unavailable' || !sent.maybeSent) context.pending.remove(attempt.name);
  if (sent.kind === 'unavailable') throw unavailableError(attempt, sent.message, sent.locks);
  if (sent.kind === 'superseded' || sent.kind === 'branch-moved') return sent;
  const { task, at } = taskOf(attempt);
  if (sent.seen !== null && attempt.claim.kind === 'hold' && tenureIsOver(task, sent.seen)) {
    const now = sent.seen.task.kind === 'task' ? sent.seen.task.note.task : null;
    return {
      kind: 'refused',
      seen: sent.seen,
      refusal: { reason: 'lost', how: 'taken-over', agent: now?.holder?.agent ?? null },
    };
  }
  keepLedgers(context, attempt, sent.seen);
  return {
    kind: 'won',
    task,
    tip: attempt.taskTo,
    at,
    op: attempt.op,
    via: viaOf(attempt),
    bySight: sent.seen !== null,
  };
}

/** The attempt began a tenure, and the read that showed it applied shows already that the tenure is over. */
function tenureIsOver(task: Task, seen: Seen): boolean {
  if (task.holder === null) return false;
  return seen.task.kind !== 'task' || seen.task.note.task.holder?.tenure !== task.holder.tenure;
}

function unavailableError(attempt: Attempt, message: string, locks: readonly string[]): CoordError {
  if (locks.length === 0) {
    const landing = attempt.branch && {
      hint: `The claim is kept. Where ${attempt.branch.ref} may not be pushed to, send the work to review on its own branch.`,
      next: [`git coord land ${attempt.task} --via-branch`],
      data: { refused: true },
    };
    const words = message || 'the remote refused';
    return new CoordError('unavailable', `${attempt.task}: nothing was written: ${words}`, landing);
  }
  return new CoordError('unavailable', `${attempt.task}: the remote is locked by ${locks.join(', ')}`, {
    hint: 'A git process that was killed there left the file. When no git runs on that ref, delete the file on the server, and run the same command again.',
    next: locks.map((lock) => `rm ${JSON.stringify(lock)}`),
    data: { locks },
  });
}

function unknownError(attempt: Attempt, message: string): CoordError {
  return new CoordError(
    'unknown',
    `${attempt.task}: the connection broke; the push may or may not have been applied${message ? ` (${message})` : ''}`,
    {
      hint: 'The same command, run again, settles it; nothing is done twice.',
      next: [attempt.command],
    },
  );
}
