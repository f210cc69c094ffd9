import { idOfTitle, isId } from '../domain/ids.ts';
import { limits } from '../domain/task.ts';
import type { ImportedTask } from '../domain/task-record.ts';
import type { CoordError } from '../errors.ts';
import { type DocumentFile, type FileUse, issueTexts, wrongFile } from './document-file.ts';
import type { ImportFile } from './task-file.ts';
import { foldedId, taskOf, taskWords, writtenTask } from './written-task.ts';

const tasksMax = 10_000;

export const use: FileUse = { isNo: 'no file of tasks', command: 'import' };

/** A task as it was found, before anything of it is checked. */
export interface Found {
  readonly value: unknown;
  readonly place: (path?: readonly PropertyKey[]) => string;
}

type FileFacts = Partial<Omit<ImportFile, 'tasks' | 'placeOf'>> & { readonly before?: readonly string[] };

/**
 * The tasks of a file, checked. `before`: problems that were found on the way.
 * @throws CoordError `usage` with all problems
 */
export function fileOf(
  found: readonly Found[],
  name: string,
  { before = [], isExport = false, ...rest }: FileFacts = {},
): ImportFile {
  const problems = [...before];
  if (found.length === 0 && before.length === 0 && !isExport) problems.push(`${name}:1: there are no tasks in it`);
  if (found.length > tasksMax)
    throw wrong(name, [`${name}:1: it has ${found.length} tasks; at most ${tasksMax} go in one push`]);
  const written = found.map(({ value, place }) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      problems.push(`${place()}: it is no task`);
      return null;
    }
    const parsed = writtenTask.safeParse(value);
    if (parsed.success) return parsed.data;
    const document: Pick<DocumentFile, 'placeOf'> = { placeOf: place };
    problems.push(...parsed.error.issues.flatMap((issue) => issueTexts(issue, document, taskWords)));
    return null;
  });
  const taken = new Set<string>();
  const ids = written.map((task, index) => {
    const id = task?.id === undefined ? undefined : foldedId(task.id);
    if (id === undefined) return undefined;
    const place = found[index]?.place(['id']) ?? name;
    if (!isId(id)) problems.push(`${place}: ${JSON.stringify(id.slice(0, 80))} is no id`);
    else if (taken.has(id)) problems.push(`${place}: there are two tasks ${id}`);
    taken.add(id);
    return id;
  });
  const tasks = written.map((task, index): ImportedTask => {
    const id = ids[index] ?? idOfTitle(task?.title ?? '', taken);
    taken.add(id);
    return taskOf(id, task ?? { title: '' });
  });
  for (const [index, { id, title, needs }] of tasks.entries()) {
    const place = (key: string) => found[index]?.place([key]) ?? name;
    const bad = needs.filter((need) => !isId(need));
    if (bad.length > 0) problems.push(`${place('needs')}: ${JSON.stringify(bad[0]?.slice(0, 80))} is no id`);
    if (needs.includes(id)) problems.push(`${place('needs')}: ${id} can't need itself`);
    if (title.length > limits.titleChars)
      problems.push(`${place('title')}: a title has at most ${limits.titleChars} characters`);
  }
  if (problems.length > 0) throw wrong(name, problems);
  return {
    tasks,
    skipped: 0,
    skippedWhy: '',
    notices: [],
    ...rest,
    isExport,
    placeOf: (task) => found[task]?.place() ?? name,
  };
}

export const wrong = (name: string, problems: readonly string[]): CoordError => wrongFile(name, use, problems);
