import type { QueueNote } from '../domain/agent.ts';
import { type Blocker, blockers, queueOrder, type ReadinessContext } from '../domain/readiness.ts';
import { ownClaim, type Seen, type Who } from '../domain/seen.ts';
import type { TaskState } from '../domain/task.ts';
import { isMine } from '../domain/tenure.ts';
import { type TaskView, taskView } from '../domain/view.ts';
import type { BookRead } from '../store/record-store.ts';
import type { Context } from './context.ts';
import { type Archived, findArchived } from './find-archived.ts';
import { observe, seenOf, standstill, tipAgeMs } from './read-seen.ts';

/** The whole book as one read shows it. A task that can't be read is named and hides nothing else. */
export interface BookView {
  readonly tasks: TaskView[];
  readonly seen: ReadonlyMap<string, Seen>;
  /** What unfinished tasks need and the board has no more. */
  readonly archived: ReadonlyMap<string, Archived>;
  /** The read that it is made from. */
  readonly read: BookRead;
  /** Why a task can't be taken now; empty: ready. */
  readonly blockers: ReadonlyMap<string, readonly Blocker[]>;
  readonly bad: readonly { readonly id: string; readonly why: string }[];
}

/** `more`: other refs to be in the same read. @throws CoordError `unavailable` */
export async function readBook(context: Context, who: Who, more: readonly string[] = []): Promise<BookView> {
  const { layout } = context.store;
  const read = await context.store.read([layout.all('board'), layout.all('claims'), layout.queue, ...more]);
  const ids = new Set<string>();
  for (const { space, name } of read.records.values()) if (space === 'board' || space === 'claims') ids.add(name);
  const seen = new Map([...ids].map((id) => [id, seenOf(context, read, id)]));
  for (const one of seen.values()) observe(context, one);
  context.observed.keepOnly(new Set(read.records.keys()), [layout.all('board'), layout.all('claims')]);
  context.observed.save();
  const queue = queueOf(context, read);
  const archived = await findArchived(context, absentNeeds(seen));
  const stateOf = (id: string): TaskState | undefined => stateIn(seen.get(id)) ?? archived.get(id)?.note.task.state;
  const markArchived = (one: Blocker): Blocker =>
    one.why === 'need' && archived.has(one.id) ? { ...one, isArchived: true } : one;
  const tasks: TaskView[] = [];
  const why = new Map<string, readonly Blocker[]>();
  for (const [id, one] of seen) {
    const looked = viewOf(context, who, one, stateOf, queue);
    if (looked === null) continue;
    tasks.push(looked.view);
    why.set(id, archived.size === 0 ? looked.blockers : looked.blockers.map(markArchived));
  }
  tasks.sort(queueOrder);
  const bad = [...seen.values()].flatMap(({ id, task }) => (task.kind === 'bad' ? [{ id, why: task.why }] : []));
  return { tasks, seen, archived, read, blockers: why, bad };
}

/** What unfinished tasks need that isn't on the board. */
function absentNeeds(seen: ReadonlyMap<string, Seen>): string[] {
  const needs = [...seen.values()].flatMap(({ task }) =>
    task.kind === 'task' && task.note.task.state === 'open' ? task.note.task.needs : [],
  );
  return [...new Set(needs)].filter((id) => !seen.has(id));
}

export function queueOf(context: Context, read: BookRead): QueueNote | null {
  const decoded = read.records.get(context.store.layout.queue)?.decoded;
  return decoded?.ok ? (decoded.note as QueueNote) : null;
}

export function stateIn(seen: Seen | undefined): TaskState | undefined {
  return seen?.task.kind === 'task' ? seen.task.note.task.state : undefined;
}

/** What readiness is judged by, for one task. */
export function readinessOf(
  context: Context,
  who: Who,
  seen: Seen,
  stateOf: ReadinessContext['stateOf'],
  queue: QueueNote | null,
): ReadinessContext {
  const task = seen.task.kind === 'task' ? seen.task.note.task : null;
  const leaseHeld = seen.lease.kind !== 'free' && (task === null || ownClaim(task, seen.lease) === null);
  return { stateOf, queue, tipAgeMs: tipAgeMs(context, seen), leaseHeld, agent: who.agent };
}

/** How a task is shown, and why it can't be taken now. Null for one that is absent or can't be read. */
export function viewOf(
  context: Context,
  who: Who,
  seen: Seen,
  stateOf: ReadinessContext['stateOf'],
  queue: QueueNote | null,
): { readonly view: TaskView; readonly blockers: readonly Blocker[] } | null {
  if (seen.task.kind !== 'task') return null;
  const { task, at } = seen.task.note;
  // the ledger is a file for each task: it is opened for those that somebody holds
  const mine = task.holder !== null && isMine(task.holder, context.held.get(seen.id), who);
  const readiness = readinessOf(context, who, seen, stateOf, queue);
  const blocked = blockers(task, readiness);
  const view = taskView(seen, at, task, mine, standstill(context, seen), blocked, readiness.tipAgeMs);
  return { view, blockers: blocked };
}
