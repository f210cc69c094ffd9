import { endReviews, type ReviewLook } from '../coordinator/review-task.ts';
import type { Who } from '../domain/seen.ts';
import { cloneGit } from '../worker/clone-git.ts';
import { reviewStanding } from '../worker/review-code.ts';
import type { App } from './open-app.ts';

/** Ends the reviews whose work was merged; looked at by clones that have the code. @throws CoordError `unavailable` */
export async function endReviewsOn({ context, clone, book, env }: App, who: Who): Promise<ReviewLook[]> {
  const git = cloneGit(clone.topLevel ?? clone.commonDir, env);
  return endReviews(context, who, (task, review) => reviewStanding({ git, remote: book.remote }, task, review));
}
