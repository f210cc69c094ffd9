import { readImport } from '../config/import-file.ts';
import type { Run } from './frame/spec.ts';
import { readInput } from './read-input.ts';
import { withBook } from './with-book.ts';

/** 10,000 tasks of 3 KiB. */
const fileMibMax = 32;

export const run: Run = async (context, parsed) => {
  const [path = '-'] = parsed.positionals;
  const { text, name } = await readInput(context, path, fileMibMax);
  const file = await readImport(text, name);
  const dryRun = parsed.flag('dry-run');
  return withBook(context, parsed, async ({ book, command }) => {
    const data = await book.importTasks(file, { dryRun, command });
    const there = data.tasks.length - data.created.length;
    const parts = [
      `${tasksText(data.created.length)} ${dryRun ? 'would be added' : 'added'}`,
      ...(there > 0 ? [`${there} there already`] : []),
      ...(data.skipped > 0 ? [`${data.skipped} skipped, which are checked`] : []),
    ];
    return { data, text: `${parts.join('; ')}\n` };
  });
};

const tasksText = (count: number): string => (count === 1 ? '1 task' : `${count} tasks`);
