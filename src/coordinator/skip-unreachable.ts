import { decideSkip } from '../domain/decide-skip.ts';
import type { Seen, Who } from '../domain/seen.ts';
import type { TaskState } from '../domain/task.ts';
import { type BookView, stateIn } from './book-view.ts';
import type { Context } from './context.ts';
import { ignoringBusy } from './ignoring-busy.ts';
import { seenOf } from './read-seen.ts';
import { transition } from './transition.ts';

/**
 * Cancels what is to be skipped because a need of it failed, and what is to be skipped because of that. Answers the ids.
 * @throws CoordError `unavailable`
 */
export async function skipUnreachable(context: Context, who: Who, book: BookView): Promise<string[]> {
  const mayBeSkipped = [...book.seen.values()].filter(
    ({ task }) => task.kind === 'task' && task.note.task.onNeedFailed === 'skip' && task.note.task.state === 'open',
  );
  const skipped = new Map<string, TaskState>();
  const stateOf = (id: string) => skipped.get(id) ?? stateIn(book.seen.get(id));
  const isDue = (seen: Seen) => !skipped.has(seen.id) && decideSkip(seen, stateOf).kind === 'write';
  const tried = new Set<Seen>();
  for (let due = mayBeSkipped.filter(isDue); due.length > 0; ) {
    for (const seen of due) {
      tried.add(seen);
      const needs = seen.task.kind === 'task' ? seen.task.note.task.needs : [];
      if (await skipOne(context, who, seen.id, needs)) skipped.set(seen.id, 'cancelled');
    }
    due = mayBeSkipped.filter((seen) => !tried.has(seen) && isDue(seen));
  }
  return [...skipped.keys()];
}

/** Decided on what its needs are in the same read. */
async function skipOne(context: Context, who: Who, id: string, needs: readonly string[]): Promise<boolean> {
  const { layout } = context.store;
  const outcome = await ignoringBusy(() =>
    transition(context, {
      id,
      who,
      command: 'git coord sweep',
      more: needs.map((need) => layout.board(need)),
      decide: ({ seen, book }) => decideSkip(seen, (need) => stateIn(seenOf(context, book, need))),
    }),
  );
  if (outcome?.kind !== 'won') return false;
  await context.mirror.hide(id);
  return true;
}
