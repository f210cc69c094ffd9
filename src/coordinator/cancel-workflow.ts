import { decideCancel } from '../domain/decide-edit.ts';
import { dependentsFirst } from '../domain/needs.ts';
import type { Seen, Who } from '../domain/seen.ts';
import { CoordError } from '../errors.ts';
import type { NewCommit, RefUpdate } from '../transport/port.ts';
import { encodeTask } from './attempt.ts';
import { type BookView, readBook } from './book-view.ts';
import { cancelTask } from './change-task.ts';
import { type Context, decisionsMax } from './context.ts';
import { isOver, workflowIn } from './wait-for.ts';

/**
 * Cancels what is unfinished of a workflow: first, in one push, what nobody holds, so that nothing becomes ready meanwhile; then, one
 * by one, what somebody does. @throws CoordError `not-found`, `unavailable`, `unknown`
 */
export async function cancelWorkflow(
  context: Context,
  who: Who,
  id: string,
  command: string,
): Promise<{ cancelled: string[] }> {
  const book = await readBook(context, who);
  const before = unfinishedIn(book, id);
  if (context.profile.atomic) await cancelUnheld(context, who, id, book);
  const left = unfinishedIn(context.profile.atomic ? await readBook(context, who) : book, id);
  for (const one of left) await unlessDone(cancelTask(context, who, one, null, command));
  const { tasks } = await readBook(context, who);
  const isCancelled = (one: string) => tasks.find((task) => task.id === one)?.state === 'cancelled';
  return { cancelled: before.filter(isCancelled) };
}

/** What others need comes last. */
const unfinishedIn = (book: BookView, id: string): string[] =>
  dependentsFirst(workflowIn(book, id).tasks.filter((task) => !isOver(task))).map((task) => task.id);

/** All at once, or none: then it is read again. What isn't applied in the end is left to whoever cancels one by one. */
async function cancelUnheld(context: Context, who: Who, id: string, first: BookView): Promise<void> {
  for (let [tries, book] = [0, first]; tries < decisionsMax; tries++, book = await readBook(context, who)) {
    const moves = unfinishedIn(book, id).flatMap((one) => cancelOf(context, who, book.seen.get(one)) ?? []);
    if (moves.length === 0) return;
    context.pushed();
    const updates = moves.map(({ update }) => update);
    const objects = moves.map(({ commit }) => commit);
    const { answers } = await context.store.swap(updates, { atomic: true, objects });
    if ([...answers.values()].includes('refused')) return;
    if (![...answers.values()].every((answer) => answer === 'applied'))
      await context.clock.sleep(50 * (tries + 1) * (0.5 + context.random()));
  }
}

/** Null for what is held, or can't be cancelled. */
function cancelOf(context: Context, who: Who, seen: Seen | undefined): { update: RefUpdate; commit: NewCommit } | null {
  if (seen?.task.kind !== 'task' || seen.lease.oid !== null) return null;
  const decision = decideCancel(seen, null);
  if (decision.kind !== 'write') return null;
  const stamp = { by: who.agent, at: context.clock.wall(), nonce: context.nonce() };
  const note = { v: 1, kind: 'task', op: decision.op, ...stamp, task: decision.task } as const;
  const commit = encodeTask(context, note, seen.task.oid);
  return { update: { ref: context.store.layout.board(seen.id), from: seen.task.oid, to: commit.oid }, commit };
}

/** It may have been finished meanwhile. */
async function unlessDone(cancelling: Promise<unknown>): Promise<void> {
  try {
    await cancelling;
  } catch (error) {
    if (!(error instanceof CoordError) || error.code !== 'not-ready') throw error;
  }
}
