import type { Lease } from './claim.ts';
import { objectToFirst, objectToStep } from './guard-step.ts';
import type { Task, TaskNote } from './task.ts';

/**
 * What a server lets one transaction do with a task and its claim (protocol 4 and 8). Pure.
 *
 * the tenure in the task   the claim ref
 * begins                   moves to the new tenure's claim
 * stays                    stays, or is of that tenure: a beat alone, put back with a `repair`
 * ends                     is no longer of that tenure
 * none                     is anybody's: an orphan, a claim by plain git
 */
export interface TaskChange {
  readonly id: string;
  /** As the log's old tip has it; null: there was none. */
  readonly before: Task | null;
  /** The commits that are new, oldest first. None: the log stays where it is. */
  readonly steps: readonly TaskNote[];
  /** The first of them has parents, though there was no log here. */
  readonly hasPast: boolean;
  readonly deleted: boolean;
  readonly lease: { readonly before: Lease; readonly after: Lease };
  /** `coord/format` is made in the same transaction: a whole book moves here. */
  readonly bookBegins: boolean;
  /** `archive/board` moves to a descendant of its old value and of the log's tip, in the same transaction. */
  readonly archived: boolean;
}

/** Where a task says that its work goes, in this very transaction. */
export type Landing = NonNullable<Task['landed']>;

export interface TaskJudgement {
  /** Null: it may. */
  readonly objection: string | null;
  /** Branches that move with it must be among these. */
  readonly landings: readonly Landing[];
  /** These branches must move with it: without them the task would say what isn't so. */
  readonly required: readonly Landing[];
  /** Landings that the task says never came to be (`reopen`). */
  readonly undone: readonly Landing[];
}

export function judgeTask(change: TaskChange): TaskJudgement {
  const found = { landings: [] as Landing[], required: [] as Landing[], undone: [] as Landing[] };
  const objection = change.deleted ? objectToDeletion(change) : objectToLog(change, found);
  return { objection, ...found };
}

function objectToDeletion({ before, archived, lease }: TaskChange): string | null {
  if (before === null || (before.state !== 'done' && before.state !== 'cancelled'))
    return 'a log is deleted only once the task is done or cancelled';
  if (!archived) return 'a log is deleted only in one push with the archive that takes it up';
  return lease.after.kind === 'free' ? null : 'its claim is left behind';
}

function objectToLog(change: TaskChange, found: Record<'landings' | 'required' | 'undone', Landing[]>): string | null {
  const { steps, bookBegins } = change;
  let task = change.before;
  for (const note of steps) {
    const objection = task === null ? first(change, note) : objectToStep(task, note);
    if (objection !== null) return objection;
    if (task !== null) noteLandings(task, note, found);
    task = note.task;
  }
  if (task === null || (bookBegins && change.before === null)) return null;
  return objectToLease(change, task);
}

const first = ({ id, hasPast, bookBegins }: TaskChange, note: TaskNote): string | null =>
  bookBegins && note.task.id === id ? null : objectToFirst(id, note, hasPast);

function noteLandings(
  before: Task,
  { op, task }: TaskNote,
  found: Record<'landings' | 'required' | 'undone', Landing[]>,
) {
  if (op === 'reopen' && before.landed !== null) found.undone.push(before.landed);
  if (task.landed === null || task.state !== 'done') return;
  const lands = op === 'done' && before.state === 'claimed';
  if (lands) found.required.push(task.landed);
  if (lands || op === 'repair') found.landings.push(task.landed);
}

const tenureOf = (lease: Lease): string | null => (lease.kind === 'held' ? lease.claim.tenure : null);

function objectToLease({ before, steps, lease }: TaskChange, after: Task): string | null {
  const [was, is] = [before?.holder ?? null, after.holder];
  const moved = lease.before.oid !== lease.after.oid;
  if (is === null) {
    if (was === null) return null;
    return tenureOf(lease.after) === was.tenure ? 'its claim is left behind: it ends in the same push' : null;
  }
  const begins = was?.tenure !== is.tenure;
  if (!moved) return begins ? 'the claim of the new tenure is missing in the push' : null;
  const { after: shown } = lease;
  if (shown.kind === 'held' && shown.claim.tenure === is.tenure) {
    const { term, agent, session, ttlMs } = shown.claim;
    if (term !== after.term || agent !== is.agent || session !== is.session || ttlMs !== is.ttlMs)
      return `its claim says something else than the task: ${agent}, term ${term}, ttl ${ttlMs} ms`;
    const beat = tenureOf(lease.before) === is.tenure;
    return begins || beat || steps.length > 0 ? null : 'a claim is put back only in one push with a repair of the task';
  }
  if (begins) return 'the claim of the new tenure is missing in the push';
  const held = `${is.agent} holds it (term ${after.term})`;
  if (tenureOf(lease.before) === is.tenure) return `${held}: its claim moves only as the task does`;
  return steps.length > 0 ? `${held}: the claim in this push is another's` : null;
}
