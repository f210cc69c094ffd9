import { restoreOn } from '../app/restore-on-app.ts';
import type { Restored, RestoredTask } from '../coordinator/restore-tasks.ts';
import { pausedText } from '../domain/decide-queue.ts';
import { CoordError } from '../errors.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ app }) => {
    const data = await restoreOn(app, { dryRun: parsed.flag('dry-run'), warn: (words) => context.warn(words) });
    const failure = failureOf(data);
    return { data, text: textOf(data), ...(failure && { failure }) };
  });

function textOf({ restored, left, book, archive, queue, dryRun }: Restored): string {
  const would = dryRun ? 'would be ' : '';
  const lines = [
    ...(book ? [`the book: ${would}put back`] : []),
    ...(archive ? [`the archive: ${would}put back`] : []),
    ...(queue ? [`pauses: ${would}put back: ${oneLine(pausedText(queue) ?? '')}`] : []),
    ...restored.map((task) => `${task.id}: ${would}${howText(task)}`),
    ...left.map(
      ({ id, state }) =>
        `${id}: left as the remote has it, where its log went another way; seen here: ${state} (git coord show ${id})`,
    ),
  ];
  return lines.length === 0 ? 'nothing is lost\n' : `${lines.join('\n')}\n`;
}

const howText = ({ state, term }: RestoredTask): string =>
  state === 'done' || state === 'cancelled'
    ? `put back (${state})`
    : `put back, held by nobody (${state}, term ${term})`;

function failureOf({ refused, unreadable }: Restored): CoordError | null {
  if (refused.length === 0 && unreadable.length === 0) return null;
  const words = [
    ...refused.map(({ id, why }) => `${id}: ${oneLine(why)}`),
    ...unreadable.map((id) => `${id}: what this clone has seen of it can't be read`),
  ];
  return new CoordError('unavailable', `not put back: ${words.slice(0, 10).join('; ')}`, {
    next: ['git coord doctor'],
  });
}
