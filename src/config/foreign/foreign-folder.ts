import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Json } from '../../domain/task.ts';
import { CoordError } from '../../errors.ts';
import { fileOf } from '../found-tasks.ts';
import type { ImportFile } from '../task-file.ts';
import { backlogTask, byNumber } from './backlog.ts';
import { type ClaimFile, claimFileTasks } from './claim-files.ts';
import { type ForeignTask, foreignTasks, type Tool, wordOf } from './foreign-task.ts';

/**
 * A folder that another tool keeps tasks in: Backlog.md's, or claim files (docs/cli.md, "From other tools").
 * @param name as errors call it
 * @throws CoordError `usage` with all problems
 */
export async function readForeignFolder(folder: string, name: string): Promise<ImportFile> {
  const claims = await readClaimFolder(folder);
  if (claims.length > 0) return fileFrom('claim-files', claims, name);
  const tasks = await readBacklog(folder);
  if (tasks.length > 0) return fileFrom('backlog.md', tasks, name);
  throw new CoordError('usage', `${name} is no folder of tasks`, {
    hint: 'It holds neither tasks of Backlog.md nor claim files; of another tool name the file.',
    next: ['git coord help import'],
  });
}

function fileFrom(tool: Tool, tasks: readonly ForeignTask[], name: string): ImportFile {
  const { found, notices } = foreignTasks(tool, tasks, tool === 'backlog.md' ? byNumber(tasks) : undefined);
  return fileOf(found, name, { notices });
}

const filesMax = 10_000;

async function filesIn(folder: string, end: string): Promise<{ readonly name: string; readonly text: string }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries
    .flatMap((entry) => (entry.name.endsWith(end) && !entry.isDirectory() ? [entry.name] : []))
    .sort();
  if (names.length > filesMax) throw new CoordError('usage', `${folder} has more than ${filesMax} files`);
  const files: { name: string; text: string }[] = [];
  for (const name of names) {
    const text = await readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new CoordError('usage', `${join(folder, name)} can't be read (${error.code})`, {
        hint: 'Nothing was written.',
      });
    });
    files.push({ name, text });
  }
  return files;
}

/** `backlog` or its `tasks`: with what was completed, without drafts and what was archived. */
async function readBacklog(folder: string): Promise<ForeignTask[]> {
  const root = basename(folder) === 'tasks' ? dirname(folder) : folder;
  const config = await readFile(join(root, 'config.yml'), 'utf8').catch(() => '');
  const last = /^statuses:\s*\[.*?(["']?)([^"',\]]+)\1\s*\]/m.exec(config)?.[2];
  const tasks: ForeignTask[] = [];
  for (const part of ['tasks', 'completed'])
    for (const { name, text } of await filesIn(join(root, part), '.md')) {
      const task = await backlogTask(text, `${part}/${name}`, last);
      if (task !== null) tasks.push(part === 'completed' ? { ...task, state: 'done' } : task);
    }
  return tasks;
}

/** Of the folder itself, and of `claims` and `tasks` in it. */
async function readClaimFolder(folder: string): Promise<ForeignTask[]> {
  const places = [folder, join(folder, 'claims'), join(folder, 'tasks')];
  const read = async (end: string) => (await Promise.all(places.map((place) => filesIn(place, end)))).flat();
  const claims = (await read('.claim')).map((file) => fileAs(file, '.claim'));
  const hasFolders = (await readdir(folder)).some((one) => one === 'claims' || one === 'agents');
  if (claims.length === 0 && !hasFolders) return [];
  const tasks = (await read('.json')).map((file) => fileAs(file, '.json'));
  return claimFileTasks(tasks, claims);
}

function fileAs({ name, text }: { readonly name: string; readonly text: string }, end: string): ClaimFile {
  const value = jsonOf(text);
  const id =
    typeof value === 'object' && value !== null && 'id' in value ? wordOf(value.id) : name.slice(0, -end.length);
  return { id, value, name };
}

function jsonOf(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text);
    // what nests so deeply that nobody can walk it
    JSON.stringify(value);
    return value;
  } catch {
    return undefined;
  }
}
