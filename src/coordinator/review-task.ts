/**
 * Landing through a pull request: the work goes to the task's own branch, and the task to `review` (protocol 4, "send to
 * review"). The claim ends with the same push; nobody holds the task, and nobody can take it, until the review ends:
 *
 *   merged        its commit is on the target: done
 *   not merged    it stays in review
 *   branch gone   and not merged: it stays too, and is shown so, until a person says done, retry or cancel
 */
import { decideReviewEnd } from '../domain/decide-review-end.ts';
import type { Who } from '../domain/seen.ts';
import type { Json, Task } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import type { ForeignObjects } from '../transport/port.ts';
import { readBook } from './book-view.ts';
import type { Context } from './context.ts';
import { endTenure, holdOn } from './finish-task.ts';
import { endedAs } from './land-task.ts';
import { showTask } from './show-task.ts';
import { whileActive } from './stay-active.ts';
import { transition } from './transition.ts';

export type Review = NonNullable<Task['review']>;

/** The clone's code, as a review needs it. */
export interface ReviewCode {
  readonly commit: string;
  /** `refs/heads/task/…`, and where it is to be merged. */
  readonly branch: string;
  readonly target: string;
  readonly objects: ForeignObjects | undefined;
  targetTip(): Promise<string>;
  /** Whether the branch, as it is now, is among the commit's ancestors. */
  descendsFrom(tip: string): Promise<boolean>;
  /** The quality gates, on what the work adds to the target. @throws CoordError `gate-failed` */
  check(from: string): Promise<void>;
}

/** @throws CoordError `lost`, `held`, `gate-failed`, `not-ready` (nothing to review, other work on the branch), `not-found`, `unavailable`, `unknown` */
export async function sendToReview(
  context: Context,
  who: Who,
  id: string,
  { code: codeOf, result, command }: { code: () => Promise<ReviewCode>; result: Json; command: string },
): Promise<{ task: TaskView; review: Review }> {
  const isRepeat = endedAs(context, who, id, 'review');
  if (!isRepeat) await holdOn(context, who, id, command);
  const code = await codeOf();
  const from = await code.targetTip();
  const tip = await context.store.value(code.branch);
  if (tip !== null && !(await code.descendsFrom(tip)))
    throw new CoordError('not-ready', `${code.branch} has other work at the remote: ${tip.slice(0, 12)}`, {
      hint: 'The claim is kept. Bring it into your branch first, or name another one in tasks.branch.',
      next: [`git fetch && git merge ${tip}`],
    });
  if (!isRepeat) await whileActive(context, id, () => code.check(from));
  const { commit, branch, target, objects } = code;
  const review = { branch, commit, target, from };
  // a branch that is there already isn't sent: the task alone is what the review stands on
  const move = tip === commit ? {} : { branch: { ref: branch, from: tip, to: commit, ...(objects && { objects }) } };
  const ended = await endTenure(context, who, id, { op: 'review', review, result, ...move, command });
  if (ended.kind === 'branch-moved')
    throw new CoordError('unavailable', `${branch} moved while ${id} was sent to review`, {
      hint: 'The claim is kept, nothing was pushed. Look at the branch, then try again.',
      next: [command],
    });
  await context.mirror.hide(id);
  return { task: await showTask(context, who, id, ended), review };
}

/** `unclear`: it could not be looked at, as when its target is gone. */
export type Standing = 'merged' | 'open' | 'branch gone' | 'unclear';

export interface ReviewLook {
  readonly id: string;
  readonly review: Review;
  readonly standing: Standing;
}

/** Looks at every review of the book, and ends those that were merged. @throws CoordError `unavailable` */
export async function endReviews(
  context: Context,
  who: Who,
  standingOf: (task: TaskView, review: Review) => Promise<Standing>,
): Promise<ReviewLook[]> {
  const looks: ReviewLook[] = [];
  for (const task of (await readBook(context, who)).tasks) {
    if (task.state !== 'review' || task.review === null) continue;
    const standing = await standingOf(task, task.review).catch(unclear);
    if (standing === 'merged') await endReview(context, who, task.id, task.review);
    looks.push({ id: task.id, review: task.review, standing });
  }
  return looks;
}

/** One review doesn't keep the others from ending. */
function unclear(error: unknown): Standing {
  if (error instanceof CoordError) return 'unclear';
  throw error;
}

/** @throws CoordError `unavailable`, `unknown` */
async function endReview(context: Context, who: Who, id: string, review: Review): Promise<void> {
  const landed = { ref: review.target, from: review.from, commit: review.commit };
  await transition(context, {
    id,
    who,
    command: 'git coord sweep',
    decide: ({ seen }) => decideReviewEnd(seen, review, landed),
  });
}
