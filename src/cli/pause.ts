import { pausedText } from '../domain/decide-queue.ts';
import { CoordError } from '../errors.ts';
import type { Run } from './frame/spec.ts';
import { oneLine, shellWord } from './frame/text.ts';
import { withBook } from './with-book.ts';

/** `pause` and `resume`. */
export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book }) => {
    const labels = parsed.list('label') ?? [];
    // as of a variable that isn't set: it must not pause everything
    if (parsed.list('label') !== undefined && labels.length === 0)
      throw new CoordError('usage', '--label needs a label', { next: [`git coord ${parsed.command}`] });
    const isResume = parsed.command === 'resume';
    const data = await (isResume ? book.resume(labels) : book.pause(labels));
    const left = data.labels.map((label) => ` --label ${shellWord(label)}`).join('');
    if (isResume && labels.length === 0 && left !== '') context.notice(oneLine(`next: git coord resume${left}`));
    return { data, text: `${oneLine(pausedText(data) ?? 'nothing is paused')}\n` };
  });
