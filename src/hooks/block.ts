/** Our lines in a hook: a marked block, put into a shell script that is there, or a whole file of ours. Pure text, read as Latin-1: whatever bytes there are stay. */

export const hookNames = ['pre-commit', 'commit-msg', 'pre-push'] as const;
export type HookName = (typeof hookNames)[number];

/** Of a repository that is pushed to. */
export const serverHookNames = ['pre-receive', 'reference-transaction'] as const;
export type ServerHookName = (typeof serverHookNames)[number];

const startMark = '# >>> git-coord';
const endMark = '# <<< git-coord\n';
/** In the first line of a block whose file is ours as a whole. */
const wholeMark = `${startMark} (this file)`;
const shebang = '#!/bin/sh\n';
const besideScript = '$' + '{0%/*}/git-coord';
const inCommonDir = '$(git rev-parse --git-common-dir)/hooks/git-coord';

export interface BlockOptions {
  /** The hook as it ships. */
  readonly template: string;
  /** The script lies beside the hook; else it is found through git, since the hook's file may be shared. */
  readonly beside: boolean;
  /** A hook that ours replaced and goes on with, as a shell word. */
  readonly next: string | null;
}

/** The block alone, its marks included. */
export function blockOf({ template, beside, next }: BlockOptions): string {
  const block = template.slice(template.indexOf(startMark));
  const located = beside ? block : block.replace(besideScript, `"${inCommonDir}"`);
  if (next === null) return located;
  const goOn = `coord_next=${next}\n[ ! -x "$coord_next" ] || exec "$coord_next" "$@"\n`;
  return located.replace(endMark, `${goOn}${endMark}`);
}

/** A hook that is nothing but ours. */
export function wholeFile(options: BlockOptions): string {
  return shebang + blockOf(options).replace(startMark, wholeMark);
}

/** Where a block goes into a script: below its first line when that names the shell. Null: no shell script, or cut off. */
export function insertBlock(text: string, block: string): string | null {
  if (text.includes('\0')) return null;
  if (!text.startsWith('#!')) return block + text;
  const end = text.indexOf('\n') + 1;
  if (end === 0 || !/^#!\s*(\S*\/)?(env\s+(-\S+\s+)*)?(ba|da|a|k|z)?sh(\s|$)/.test(text.slice(0, end))) return null;
  return text.slice(0, end) + block + text.slice(end);
}

export const hasBlock = (text: string): boolean => findBlock(text) !== null;

/** The text with another block in the place of ours. */
export function replaceBlock(text: string, block: string): string {
  const found = findBlock(text);
  if (found === null) return text;
  const whole = text.startsWith(wholeMark, found.start);
  return text.slice(0, found.start) + (whole ? block.replace(startMark, wholeMark) : block) + text.slice(found.end);
}

/** The text as it was before; null for a file that was ours as a whole. */
export function removeBlock(text: string): string | null {
  const found = findBlock(text);
  if (found === null) return text;
  const rest = text.slice(0, found.start) + text.slice(found.end);
  return text.startsWith(wholeMark, found.start) && rest === shebang ? null : rest;
}

function findBlock(text: string): { start: number; end: number } | null {
  const start = text.indexOf(startMark);
  const end = text.indexOf(endMark, start);
  return start < 0 || end < 0 ? null : { start, end: end + endMark.length };
}

/** A word that the shell takes as it is; a character stands for a byte, as in all texts here. */
export const shellWord = (text: string): string => `'${Buffer.from(text).toString('latin1').replaceAll("'", `'\\''`)}'`;
