import { lookAtLandingsOn } from '../app/landings-on-app.ts';
import { endReviewsOn } from '../app/reviews-on-app.ts';
import { archivePolicy } from '../config/archive-policy.ts';
import type { LandingLook } from '../coordinator/landings-look.ts';
import type { ReviewLook } from '../coordinator/review-task.ts';
import { type SweepResult, sweep } from '../coordinator/sweep.ts';
import type { Run } from './frame/spec.ts';
import { withBook } from './with-book.ts';

/** How long a sweep without a daemon watches by itself. Milliseconds. */
const waitMsDefault = 60_000;

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ app, book }) => {
    const { clock, observed } = app.context;
    const watches = parsed.number('wait') ?? (app.config.coordination.daemon === 'off' ? waitMsDefault : 0);
    const untilMs = clock.monoMs() + watches;
    const total: SweepResult = { expired: [], repaired: [], skipped: [], joined: [], archived: 0, pruned: [] };
    for (;;) {
      const look = await sweep(app.context, book.who, archivePolicy(app.config));
      total.expired.push(...look.expired);
      total.repaired.push(...look.repaired);
      total.skipped.push(...look.skipped);
      total.joined.push(...look.joined);
      total.archived += look.archived;
      total.pruned.push(...look.pruned);
      observed.save();
      const leftMs = untilMs - clock.monoMs();
      if (leftMs <= 0 || look.waitMs === null || context.outputClosed.aborted) break;
      await clock.sleep(Math.min(leftMs, app.timings.pollIntervalMs));
    }
    const reviews = await endReviewsOn(app, book.who);
    const landings = await lookAtLandingsOn(app, book.who);
    return { data: { ...total, reviews, landings }, text: sweepText(total, reviews, landings) };
  });

const reviewText = {
  merged: 'merged, done',
  open: 'in review',
  'branch gone': 'in review, branch gone',
  unclear: 'in review; its target could not be looked at',
} as const;

const landingText = {
  repaired: 'its landing was cut off; its work is there now',
  reopened: 'its landing was cut off; it is open again, its work is on its branch',
  missing: 'done by a landing, but its work is not there: whoever landed it has it (git coord land, there)',
} as const;

function sweepText(
  { expired, repaired, skipped, joined, archived, pruned }: SweepResult,
  reviews: readonly ReviewLook[],
  landings: readonly LandingLook[],
): string {
  const lines = [
    ...expired.map((id) => `${id}: expired\n`),
    ...repaired.map((id) => `${id}: repaired\n`),
    ...skipped.map((id) => `${id}: skipped, because a need of it failed\n`),
    ...joined.map((id) => `${id}: done, since all that it needs is\n`),
    ...(archived > 0 ? [`archived: ${archived}\n`] : []),
    ...pruned.map((agent) => `${agent}: gone for good, its record is removed\n`),
    ...landings.map(({ id, standing }) => `${id}: ${landingText[standing]}\n`),
    ...reviews.map(({ id, standing }) => `${id}: ${reviewText[standing]}\n`),
  ];
  return lines.length > 0 ? lines.join('') : 'nothing to take back\n';
}
