import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readForeignFolder } from '../config/foreign/foreign-folder.ts';
import { readImport } from '../config/import-file.ts';
import type { ImportFile } from '../config/task-file.ts';
import type { Context } from './frame/context.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { readInput } from './read-input.ts';
import { withBook } from './with-book.ts';

/** 10,000 tasks of 3 KiB. */
const fileMibMax = 32;

export const run: Run = async (context, parsed) => {
  const [path = '-'] = parsed.positionals;
  const file = await readSource(context, path);
  const dryRun = parsed.flag('dry-run');
  return withBook(context, parsed, async ({ book, command }) => {
    const data = await book.importTasks(file, { dryRun, command });
    const there = data.tasks.length - data.created.length;
    const parts = [
      `${tasksText(data.created.length)} ${dryRun ? 'would be added' : 'added'}`,
      ...(there > 0 ? [`${there} there already`] : []),
      ...(data.skipped > 0 ? [`${data.skipped} skipped, ${file.skippedWhy}`] : []),
    ];
    for (const notice of file.notices) context.warn(oneLine(notice));
    return { data, text: `${parts.join('; ')}\n` };
  });
};

async function readSource(context: Context, path: string): Promise<ImportFile> {
  const place = resolve(context.cwd, path);
  const isFolder = path !== '-' && (await stat(place).catch(() => null))?.isDirectory() === true;
  if (isFolder) return readForeignFolder(place, path);
  const { text, name } = await readInput(context, path, fileMibMax);
  return readImport(text, name);
}

const tasksText = (count: number): string => (count === 1 ? '1 task' : `${count} tasks`);
