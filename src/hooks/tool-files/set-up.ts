/** Sets a coding tool up in a worktree, and takes that away again. What is there besides stays as it is. */
import { join, relative } from 'node:path';
import { CoordError } from '../../errors.ts';
import type { Folder } from '../../store/folder.ts';
import type { HookState } from '../hook-file.ts';
import { checkJson, partState, withoutPart, withPart } from './json-part.ts';
import { blockState, withBlock, withoutBlock } from './marked-block.ts';
import { checkPlace, readText, removeFile, replaceText } from './text-file.ts';
import { type ToolFile, type ToolName, toolFiles, toolNames } from './tools.ts';

export interface InstalledFile {
  readonly name: ToolFile['name'];
  readonly path: string;
  readonly state: HookState;
}

export interface ToolPlace {
  /** The worktree. */
  readonly root: string;
  /** Keeps what was in a file that held nothing: it isn't ours to take away. */
  readonly before: Folder;
}

/** Idempotent. @throws CoordError `config`: nothing has been changed then; `unavailable` when a file can't be written */
export async function setUpTool({ root, before }: ToolPlace, tool: ToolName): Promise<InstalledFile[]> {
  await checkAll(root, tool);
  for (const file of toolFiles[tool]) await checkPlace(root, await pathOf(root, file));
  for (const file of toolFiles[tool]) {
    const path = await pathOf(root, file);
    const text = await readText(path);
    const changed = withOurs(text ?? '', file);
    if (changed === text) continue;
    const name = keptName(root, path);
    if (text === null) before.remove(name);
    else if (stateIn(text, file) === 'missing' && changed === withOurs('', file)) before.write(name, text);
    await replaceText(path, changed);
  }
  return toolStatus(root, tool);
}

/** The instructions stay while another tool that is set up reads them. Answers what was taken away, as `missing`. @throws CoordError `config`, `unavailable` */
export async function removeTool({ root, before }: ToolPlace, tool: ToolName): Promise<InstalledFile[]> {
  await checkAll(root, tool);
  const removed: InstalledFile[] = [];
  for (const file of toolFiles[tool]) {
    const path = await pathOf(root, file);
    const text = await readText(path);
    if (text === null || stateIn(text, file) === 'missing') continue;
    if (file.name === 'instructions' && (await isReadByOther(root, tool, path))) continue;
    const rest = withoutOurs(text, file);
    if (rest === text) continue; // set up by hand
    if (rest === restOfOwn(file)) await leaveAsBefore(path, before.read(keptName(root, path)), rest);
    else await replaceText(path, rest);
    removed.push({ name: file.name, path, state: 'missing' });
  }
  return removed;
}

const keptName = (root: string, path: string): string => encodeURIComponent(relative(root, path));

/** @param was null: it was made for ours */
const leaveAsBefore = (path: string, was: string | null, rest: string): Promise<void> =>
  was === null ? removeFile(path, rest) : replaceText(path, was);

/** What can't be read has nothing of ours. */
export async function toolStatus(root: string, tool: ToolName): Promise<InstalledFile[]> {
  return Promise.all(
    toolFiles[tool].map(async (file) => {
      const path = await pathOf(root, file);
      const text = await readableText(path);
      return { name: file.name, path, state: text === null ? 'missing' : stateIn(text, file) } as const;
    }),
  );
}

async function checkAll(root: string, tool: ToolName): Promise<void> {
  for (const file of toolFiles[tool]) {
    const path = await pathOf(root, file);
    const text = await readText(path);
    if (file.kind === 'json' && text !== null) {
      checkJson(text, path);
      withOurs(text, file);
    }
  }
}

async function isReadByOther(root: string, tool: ToolName, path: string): Promise<boolean> {
  const others = toolNames.filter((one) => one !== tool && tool !== 'agents-md' && one !== 'agents-md');
  const states = await Promise.all(others.map((one) => toolStatus(root, one)));
  return states.some(
    (files) =>
      files.some((file) => file.name === 'instructions' && file.path === path) &&
      files.some((file) => file.name === 'hooks' && file.state !== 'missing'),
  );
}

async function pathOf(root: string, file: ToolFile): Promise<string> {
  const paths = file.paths.map((path) => join(root, path));
  const texts = await Promise.all(paths.map(readableText));
  const withOurLines = paths.find((_, i) => stateIn(texts[i] ?? '', file) !== 'missing');
  return withOurLines ?? paths.find((_, i) => texts[i] !== null) ?? paths[0] ?? root;
}

function stateIn(text: string, file: ToolFile): HookState {
  if (file.kind === 'block') {
    const state = blockState(text, file.block);
    return state === 'missing' && file.byHand?.test(text) ? 'installed' : state;
  }
  // an entry that others use too says nothing by itself
  const states = file.parts.filter(isOurs).map((part) => partState(text, part));
  if (states.every((state) => state === 'missing')) return 'missing';
  return states.every((state) => state === 'installed') ? 'installed' : 'outdated';
}

const isOurs = ({ path }: { readonly path: readonly string[] }): boolean => path.length > 1;

function withOurs(text: string, file: ToolFile): string {
  if (file.kind === 'json') return file.parts.reduce(withPart, text);
  return stateIn(text, file) === 'installed' ? text : withBlock(text, file.block);
}

function withoutOurs(text: string, file: ToolFile): string {
  if (file.kind === 'block') return withoutBlock(text, file.block);
  return file.parts.filter(isOurs).reduce(withoutPart, text);
}

/** What is left of a file that was made for ours alone. */
const restOfOwn = (file: ToolFile): string => withoutOurs(withOurs('', file), file);

const readableText = (path: string): Promise<string | null> =>
  readText(path).catch((error: unknown) => {
    if (error instanceof CoordError) return null;
    throw error;
  });
