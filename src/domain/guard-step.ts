import { joinType } from './decide-join.ts';
import { restoredTerms } from './decide-restore.ts';
import type { Task, TaskNote, TaskOp, TaskState } from './task.ts';

/**
 * What a server lets a task's log do (protocol 4 and 8): whether one commit may follow the one before. Pure. Who pushes is
 * not known, and times can't be checked: these rules hold for anybody, at any time.
 */

interface Rule {
  readonly from: readonly TaskState[];
  readonly to: readonly TaskState[];
  readonly begins?: true;
}

const unfinished: readonly TaskState[] = ['open', 'claimed', 'review', 'failed'];

/** By operation. `same`: neither state nor holder changes. */
const rules: Readonly<Record<Exclude<TaskOp, 'add'>, Rule | 'same'>> = {
  claim: { from: ['open'], to: ['claimed'], begins: true },
  'take-over': { from: ['claimed'], to: ['claimed'], begins: true },
  release: { from: ['claimed'], to: ['open'] },
  expire: { from: ['claimed'], to: ['open', 'failed'] },
  fail: { from: ['claimed'], to: ['open', 'failed'] },
  done: { from: ['claimed', 'review'], to: ['done'] },
  review: { from: ['claimed'], to: ['review'] },
  cancel: { from: unfinished, to: ['cancelled'] },
  retry: { from: ['open', 'review', 'failed', 'cancelled'], to: ['open'] },
  reopen: { from: ['review', 'done'], to: ['open'] },
  join: { from: ['open'], to: ['done'] },
  edit: 'same',
  pause: 'same',
  resume: 'same',
  assign: 'same',
  repair: 'same',
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Null: it may. Else why not, for people. */
export function objectToStep(before: Task, { op, nonce, task }: TaskNote): string | null {
  if (task.id !== before.id) return `its record is of ${task.id}`;
  const rule = op === 'add' ? undefined : rules[op];
  if (rule === undefined) return 'it was added before';
  if (op === 'repair' && task.term >= before.term + restoredTerms) return objectToRestored(before, task);
  if (rule === 'same' ? task.state !== before.state : !goes(rule, before.state, task.state))
    return `"${op}" does not lead from ${before.state} to ${task.state}`;
  if (op === 'join' && before.type !== joinType) return `it is no join, but a ${before.type}`;
  if (task.type === joinType && before.type !== joinType) return 'a task that somebody is to do does not become a join';
  if (rule !== 'same' && rule.begins) return objectToTenure(task, nonce, before.term + 1);
  if (task.term !== before.term) return `"${op}" does not change the term (${before.term} to ${task.term})`;
  if (task.holder !== null && !same(task.holder, before.holder)) return `"${op}" does not change who holds it`;
  return objectToRecords(before, op, task);
}

/** After the remote had lost the end of its log (protocol 5): what nobody had finished is nobody's, as of a term far off. */
function objectToRestored(before: Task, { state, holder, review, landed }: Task): string | null {
  if (!unfinished.includes(before.state)) return `a task that is ${before.state} is not restored`;
  if (holder !== null || !unfinished.includes(state)) return `it is restored as ${state}`;
  if (state === 'review' && review === null) return 'nothing is named that is to be reviewed';
  return same(landed, before.landed) ? null : '"repair" does not change where the work landed';
}

const goes = ({ from, to }: Rule, before: TaskState, after: TaskState): boolean =>
  from.includes(before) && to.includes(after);

/** A tenure's number is the next one, and its name the nonce of the commit that begins it (protocol 1, 3). */
function objectToTenure(task: Task, nonce: string, term: number): string | null {
  if (task.term !== term) return `the next term is ${term}, not ${task.term}`;
  if (task.holder?.tenure !== nonce) return 'the tenure is not named by the commit that begins it';
  return task.landed === null && task.review === null ? null : 'a new tenure has neither landed nor been reviewed';
}

/** What the guard of the branches believes: where work landed, and what was sent to review. */
function objectToRecords(before: Task, op: TaskOp, { state, review, landed }: Task): string | null {
  const opensAgain = op === 'retry' || op === 'reopen';
  const reviewMay = op === 'review' || (opensAgain && review === null) || same(review, before.review);
  if (!reviewMay) return `"${op}" does not change what is in review`;
  if (state === 'review' && review === null) return 'nothing is named that is to be reviewed';
  const landedMay = op === 'done' || (opensAgain && landed === null) || same(landed, before.landed);
  if (!landedMay) return `"${op}" does not change where the work landed`;
  const endsReview = op === 'done' && before.state === 'review' && landed !== null;
  if (endsReview && (landed.ref !== review?.target || landed.commit !== review.commit))
    return 'what it says has landed is not what was reviewed';
  return null;
}

/** How a log may begin. The log of a book that moves here, a restored and an imported task bring their past along. */
export function objectToFirst(id: string, { op, nonce, task }: TaskNote, hasPast: boolean): string | null {
  if (task.id !== id) return `its record is of ${task.id}`;
  const blank = task.landed === null && (task.review === null || op === 'repair');
  if (!blank) return 'a new task has neither landed nor been reviewed';
  if (op === 'repair') return task.state === 'claimed' ? 'it begins as claimed' : null;
  if (hasPast) return 'a new task has no past';
  if (op === 'claim') return objectToTenure(task, nonce, 1);
  if (op !== 'add') return `no task begins with "${op}"`;
  return task.state === 'open' && task.term === 0 ? null : 'a new task is open, and its term is 0';
}
