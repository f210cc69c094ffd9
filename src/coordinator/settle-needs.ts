import { decideJoin, joinType } from '../domain/decide-join.ts';
import { decideSkip } from '../domain/decide-skip.ts';
import type { Decision } from '../domain/decision.ts';
import type { Seen, TaskSeen, Who } from '../domain/seen.ts';
import type { TaskState } from '../domain/task.ts';
import type { BookView } from './book-view.ts';
import type { Context } from './context.ts';
import { ignoringBusy } from './ignoring-busy.ts';
import { seenOf } from './read-seen.ts';
import { transition } from './transition.ts';

export interface NeedsSettled {
  /** Cancelled, because a need failed. */
  readonly skipped: string[];
  /** Joins that are done. */
  readonly joined: string[];
}

/** A task, as what it means for those that need it. */
type NeedOf = (id: string) => { readonly state: TaskState; readonly commit: string } | undefined;

/**
 * What follows from what became of needs, and needs nobody's work: tasks that are skipped, joins that are done; then what follows from
 * these. By whoever notices first; of many at once one wins. @throws CoordError `unavailable`
 */
export async function settleNeeds(context: Context, who: Who, book: BookView): Promise<NeedsSettled> {
  const settled = new Map<string, { state: TaskState; commit: string }>();
  const archivedOf: NeedOf = (id) => needIn(book.archived.get(id));
  const needOf: NeedOf = (id) => settled.get(id) ?? needIn(book.seen.get(id)?.task) ?? archivedOf(id);
  const waiting = new Set([...book.seen.values()].filter(followsByItself));
  const dueNow = () => [...waiting].filter((seen) => decide(seen, needOf).kind === 'write');
  for (let due = dueNow(); due.length > 0; due = dueNow()) {
    for (const seen of due) {
      waiting.delete(seen);
      const now = await settleOne(context, who, seen, archivedOf);
      if (now !== null) settled.set(seen.id, now);
    }
  }
  const ended = (state: TaskState) => [...settled].filter(([, now]) => now.state === state).map(([id]) => id);
  return { skipped: ended('cancelled'), joined: ended('done') };
}

function followsByItself({ task }: Seen): boolean {
  if (task.kind !== 'task') return false;
  const { state, type, onNeedFailed } = task.note.task;
  return state === 'open' && (type === joinType || onNeedFailed === 'skip');
}

function decide(seen: Seen, needOf: NeedOf): Decision {
  const skip = decideSkip(seen, (id) => needOf(id)?.state);
  return skip.kind === 'unchanged' ? decideJoin(seen, needOf) : skip;
}

function needIn(task: TaskSeen | undefined): ReturnType<NeedOf> {
  return task?.kind === 'task' ? { state: task.note.task.state, commit: task.oid } : undefined;
}

/** So many refs are read as cheaply with all others. */
const refsMax = 50;

/** Decided on what its needs are in the same read. Null: somebody else was faster, or it can't be now. */
async function settleOne(context: Context, who: Who, { id, task }: Seen, archivedOf: NeedOf) {
  const { layout } = context.store;
  const needs = task.kind === 'task' ? task.note.task.needs : [];
  const more = needs.length > refsMax ? [layout.all('board')] : needs.map((need) => layout.board(need));
  const outcome = await ignoringBusy(() =>
    transition(context, {
      id,
      who,
      command: 'git coord sweep',
      more,
      decide: ({ seen, book }) => decide(seen, (need) => needIn(seenOf(context, book, need).task) ?? archivedOf(need)),
    }),
  );
  if (outcome?.kind !== 'won') return null;
  await context.mirror.hide(id);
  return { state: outcome.task.state, commit: outcome.tip };
}
