import { pausedText } from '../domain/decide-queue.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { withBook } from './with-book.ts';

/** `pause` and `resume`. */
export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book }) => {
    const labels = parsed.list('label') ?? [];
    const { queue, changed } = await (parsed.command === 'pause' ? book.pause(labels) : book.resume(labels));
    const { paused } = queue;
    const text = `${oneLine(pausedText(queue) ?? 'nothing is paused')}\n`;
    return { data: { paused, labels: queue.labels, changed }, text };
  });
