import { idOfTitle, isId } from '../domain/ids.ts';
import type { Json } from '../domain/task.ts';
import { limits } from '../domain/task.ts';
import { readTaskList } from '../domain/task-list.ts';
import { exportFormat, type ImportedTask } from '../domain/task-record.ts';
import type { CoordError } from '../errors.ts';
import { type DocumentFile, type FileUse, issueTexts, readDocument, wrongFile } from './document-file.ts';
import { foldedId, taskOf, taskWords, writtenTask } from './written-task.ts';

/** A file of tasks, of one of four kinds (docs/cli.md, "Export and import"). All problems at once, each with file and line. */
export interface ImportFile {
  readonly tasks: readonly ImportedTask[];
  /** Items of a list that are checked. */
  readonly skipped: number;
  /** It is an export: its tasks may need what nobody knows, as in the book that they come from. */
  readonly isExport: boolean;
  /** `file:line`, of one of the tasks. */
  placeOf(task: number): string;
}

const tasksMax = 10_000;

const use: FileUse = { isNo: 'no file of tasks', command: 'import' };

/** @throws CoordError `usage` with all problems */
export async function readImport(text: string, name: string): Promise<ImportFile> {
  const kind = kindOf(name, text);
  if (kind === 'list') return listOf(text, name);
  return kind === 'lines' ? linesOf(text, name) : documentOf(text, name);
}

const kindByEnd: Readonly<Record<string, 'list' | 'lines' | 'document'>> = {
  md: 'list',
  markdown: 'list',
  ndjson: 'lines',
  jsonl: 'lines',
  json: 'document',
  yml: 'document',
  yaml: 'document',
};

/** By the name's end, else by what it begins with: a record a line, data, or a list of titles. */
function kindOf(name: string, text: string): 'list' | 'lines' | 'document' {
  const known = kindByEnd[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''];
  if (known !== undefined) return known;
  const first = text.split(/\r?\n/).find((line) => line.trim() !== '') ?? '';
  if (first.startsWith('{')) return jsonIn(first) === undefined ? 'document' : 'lines';
  return /^(\[\s*($|[{"\]])|-\s*($|\{|[A-Za-z_]+:(\s|$)))/.test(first) ? 'document' : 'list';
}

function jsonIn(line: string): Json | undefined {
  try {
    const value: Json = JSON.parse(line);
    // what nests so deeply that nobody can walk it
    JSON.stringify(value);
    return value;
  } catch {
    return undefined;
  }
}

/** A record a line, as `export` writes them. */
function linesOf(text: string, name: string): ImportFile {
  const problems: string[] = [];
  const found: Found[] = [];
  let isExport = false;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const place = `${name}:${index + 1}`;
    const value = jsonIn(line);
    if (value === undefined) problems.push(`${place}: is no JSON`);
    else if (isHeader(value)) {
      isExport = true;
      problems.push(...headerProblems(value, place));
    } else found.push({ value, place: () => place });
  }
  return fileOf(found, name, problems, isExport);
}

const isHeader = (value: Json): boolean => typeof value === 'object' && value !== null && 'format' in value;

function headerProblems(header: Json, place: string): string[] {
  const { format, v } = header as { format?: Json; v?: Json };
  if (format === exportFormat.format && v === exportFormat.v) return [];
  return [`${place}: it is of another format, or of a newer version`];
}

/** A list of tasks, or of titles; also below `tasks`. */
async function documentOf(text: string, name: string): Promise<ImportFile> {
  const document = await readDocument(text, name, use);
  const { plain } = document;
  const isMap = typeof plain === 'object' && plain !== null && 'tasks' in plain;
  const list: unknown = isMap ? plain.tasks : plain;
  if (!Array.isArray(list)) throw document.wrong([`${document.placeOf([])}: must be a list of tasks`]);
  const at = isMap ? ['tasks'] : [];
  const found = list.map((value, index) => ({
    value: typeof value === 'string' ? { title: value } : value,
    place: (path: readonly PropertyKey[] = []) => document.placeOf([...at, index, ...path]),
  }));
  const isExport = isMap && isHeader(plain as Json);
  return fileOf(found, name, isExport ? headerProblems(plain as Json, document.placeOf([])) : [], isExport);
}

/** Each unchecked item is a task; what it stands above it needs. */
function listOf(text: string, name: string): ImportFile {
  const items = readTaskList(text);
  const open = items.filter(({ isChecked }) => !isChecked);
  const found = open.map(({ title, line }) => ({ value: { title }, place: () => `${name}:${line}` }));
  const file = fileOf(found, name, [], false);
  for (const [index, { parent }] of open.entries()) {
    let above = parent === null ? undefined : items[parent];
    while (above?.isChecked) above = above.parent === null ? undefined : items[above.parent];
    const [task, whole] = [file.tasks[index], above && file.tasks[open.indexOf(above)]];
    if (task && whole) whole.needs.push(task.id);
  }
  return { ...file, skipped: items.length - open.length };
}

interface Found {
  readonly value: unknown;
  readonly place: (path?: readonly PropertyKey[]) => string;
}

/** @throws CoordError `usage` with all problems */
function fileOf(found: readonly Found[], name: string, before: readonly string[], isExport: boolean): ImportFile {
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
  return { tasks, skipped: 0, isExport, placeOf: (task) => found[task]?.place() ?? name };
}

const wrong = (name: string, problems: readonly string[]): CoordError => wrongFile(name, use, problems);
