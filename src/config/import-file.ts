import type { Json } from '../domain/task.ts';
import { readTaskList } from '../domain/task-list.ts';
import { exportFormat } from '../domain/task-record.ts';
import { CoordError } from '../errors.ts';
import { type DocumentFile, readDocument } from './document-file.ts';
import { backlogTask } from './foreign/backlog.ts';
import { beadsTask, isBeads } from './foreign/beads.ts';
import { foreignId, foreignTasks } from './foreign/foreign-task.ts';
import { taskMasterTasks } from './foreign/task-master.ts';
import { type Found, fileOf, use } from './found-tasks.ts';
import type { ImportFile } from './task-file.ts';

/** @throws CoordError `usage` with all problems */
export async function readImport(text: string, name: string): Promise<ImportFile> {
  const kind = kindOf(name, text);
  if (kind === 'list') return (await backlogOf(text, name)) ?? listOf(text, name);
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
  if (!isExport && problems.length === 0 && isBeads(found[0]?.value)) return beadsOf(found, name);
  return fileOf(found, name, { before: problems, isExport });
}

function beadsOf(lines: readonly Found[], name: string): ImportFile {
  const tasks = lines.map(beadsTask).filter((task) => task !== null);
  const { found, notices } = foreignTasks('beads', tasks);
  const skippedWhy = 'which are deleted, or no work';
  return fileOf(found, name, { notices, skipped: lines.length - tasks.length, skippedWhy });
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
  const theirs = taskMasterTasks(document);
  if (theirs !== null) {
    const { found, notices } = foreignTasks('task-master', theirs);
    return fileOf(found, name, { notices });
  }
  const isMap = typeof plain === 'object' && plain !== null && 'tasks' in plain;
  const list: unknown = isMap ? plain.tasks : plain;
  if (!Array.isArray(list)) throw document.wrong([`${document.placeOf([])}: must be a list of tasks`]);
  const ofWorkflow = isMap ? keyOfWorkflow(plain, list) : undefined;
  if (ofWorkflow !== undefined) throw workflowFile(name, ofWorkflow);
  const at = isMap ? ['tasks'] : [];
  const found = list.map((value, index) => ({
    value: typeof value === 'string' ? { title: value } : value,
    place: (path: readonly PropertyKey[] = []) => document.placeOf([...at, index, ...path]),
  }));
  const isExport = isMap && isHeader(plain as Json);
  const before = isExport ? headerProblems(plain as Json, document.placeOf([])) : besideTasks(plain, document);
  return fileOf(found, name, { before, isExport });
}

/** What is passed over could be meant for all tasks. */
function besideTasks(plain: unknown, { placeOf }: DocumentFile): string[] {
  if (Array.isArray(plain)) return [];
  const keys = Object.keys(plain as object).filter((key) => key !== 'tasks');
  return keys.map((key) => `${placeOf([key])}: ${key} is no key here; beside tasks there are none`);
}

/** What is for all tasks, what stands for several and what is done by itself is read as a workflow alone. */
function keyOfWorkflow(plain: object, list: readonly unknown[]): string | undefined {
  const isOfAll = (key: string) => ['id', 'inputs', 'defaults'].includes(key);
  const isOfOne = (key: string) => ['for_each', 'join'].includes(key);
  const keys = list.flatMap((task) => (typeof task === 'object' && task !== null ? Object.keys(task) : []));
  return Object.keys(plain).find(isOfAll) ?? keys.find(isOfOne);
}

const workflowFile = (name: string, key: string): CoordError =>
  new CoordError('usage', `${name} is a file of a workflow: it has ${key}`, {
    hint: 'Nothing was written.',
    next: ['git coord workflow submit <file>'],
  });

/** One task of Backlog.md: what it needs may be in the book already. Null: it is none. */
async function backlogOf(text: string, name: string): Promise<ImportFile | null> {
  const task = await backlogTask(text, name);
  if (task === null) return null;
  const { found } = foreignTasks('backlog.md', [{ ...task, needs: [] }]);
  const needs = task.needs.map(foreignId);
  return fileOf(
    found.map(({ value, place }) => ({ value: { ...(value as object), needs }, place })),
    name,
  );
}

/** Each unchecked item is a task; what it stands above it needs. */
function listOf(text: string, name: string): ImportFile {
  const items = readTaskList(text);
  const open = items.filter(({ isChecked }) => !isChecked);
  const found = open.map(({ title, line }) => ({ value: { title }, place: () => `${name}:${line}` }));
  const file = fileOf(found, name);
  for (const [index, { parent }] of open.entries()) {
    let above = parent === null ? undefined : items[parent];
    while (above?.isChecked) above = above.parent === null ? undefined : items[above.parent];
    const [task, whole] = [file.tasks[index], above && file.tasks[open.indexOf(above)]];
    if (task && whole) whole.needs.push(task.id);
  }
  return { ...file, skipped: items.length - open.length, skippedWhy: 'which are checked' };
}
