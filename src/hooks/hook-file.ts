/** One hook in a folder: our block goes into the shell script that is there, or a file of ours stands before it. */
import { chmod, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CoordError } from '../errors.ts';
import { blockOf, hasBlock, insertBlock, removeBlock, replaceBlock, wholeFile } from './block.ts';
import { writeExecutable } from './script.ts';

export interface HookFile {
  readonly path: string;
  readonly template: string;
  /** The script lies beside it. */
  readonly beside: boolean;
  /** It is run by a shell that doesn't ask whether it may be executed. */
  readonly anyMode: boolean;
}

/** `outdated`: our lines are there, but not those of this version. */
export type HookState = 'installed' | 'outdated' | 'missing';

/** What a hook that can't carry a block (no shell script, a link, not executable) is called while ours stands before it. */
const setAside = (path: string): string => `${path}.before-git-coord`;
const nextWord = '"$0.before-git-coord"';

/** @throws CoordError `exists` when a hook can't be set aside because an older one already is */
export async function installHook(hook: HookFile): Promise<void> {
  const { path, template, beside } = hook;
  const found = await look(path);
  if (found?.text !== undefined && hasBlock(found.text)) {
    const next = (await look(setAside(path))) === null ? null : nextWord;
    const text = replaceBlock(found.text, blockOf({ template, beside, next }));
    if (text !== found.text) await writeExecutable(path, text, found.mode);
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  if (found === null) return writeExecutable(path, wholeFile({ template, beside, next: null }));
  const runs = hook.anyMode || (found.mode & 0o100) !== 0;
  const text =
    found.text === undefined || !runs ? null : insertBlock(found.text, blockOf({ template, beside, next: null }));
  if (text !== null) return writeInPlace(path, text, found.mode);
  if ((await look(setAside(path))) !== null)
    throw new CoordError('exists', `${setAside(path)} is in the way: a hook that was set aside before`, {
      hint: 'Look at it and at the hook that is there now; move away the one that you do not need.',
    });
  await rename(path, setAside(path));
  await writeExecutable(path, wholeFile({ template, beside, next: nextWord }));
}

/** Takes our lines away; what was there before is there again, byte for byte. True when there was something to take. */
export async function uninstallHook(path: string): Promise<boolean> {
  const found = await look(path);
  const had = found?.text !== undefined && hasBlock(found.text);
  if (had && found?.text !== undefined) {
    const before = removeBlock(found.text);
    if (before === null) await rm(path);
    else await writeInPlace(path, before, found.mode);
  }
  if ((await look(setAside(path))) !== null && (await look(path)) === null) {
    await rename(setAside(path), path);
    return true;
  }
  return had;
}

export async function hookState({ path, template, beside }: HookFile): Promise<HookState> {
  const found = await look(path);
  if (found?.text === undefined || !hasBlock(found.text)) return 'missing';
  const next = (await look(setAside(path))) === null ? null : nextWord;
  return replaceBlock(found.text, blockOf({ template, beside, next })) === found.text ? 'installed' : 'outdated';
}

/** Null: nothing there. Without `text`: a link or another thing that isn't a plain file. */
async function look(path: string): Promise<{ mode: number; text?: string } | null> {
  const facts = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (facts === null) return null;
  const mode = facts.mode & 0o7777;
  return facts.isFile() ? { mode, text: await readFile(path, 'latin1') } : { mode };
}

/** Somebody else's file keeps its inode, owner and links. */
async function writeInPlace(path: string, text: string, mode: number): Promise<void> {
  if ((mode & 0o200) === 0) await chmod(path, mode | 0o200);
  await writeFile(path, text, 'latin1');
  await chmod(path, mode);
}
