/** Our lines in somebody's text, between two marked lines. */
import type { HookState } from '../hook-file.ts';

export interface MarkedBlock {
  /** The whole first and last line. */
  readonly start: string;
  readonly end: string;
  readonly lines: readonly string[];
}

export function blockState(text: string, block: MarkedBlock): HookState {
  const found = placeOf(text, block);
  if (found === null) return 'missing';
  return text.slice(found.from, found.to) === textOf(block, eolOf(text)) ? 'installed' : 'outdated';
}

/** At the end of the text, after an empty line where its last line ends; or in the place where it was. */
export function withBlock(text: string, block: MarkedBlock): string {
  const eol = eolOf(text);
  const found = placeOf(text, block);
  if (found !== null) return text.slice(0, found.from) + textOf(block, eol) + text.slice(found.to);
  return text + (text === '' ? '' : eol) + textOf(block, eol);
}

/** With the empty line before it, or the end of a line that had none. */
export function withoutBlock(text: string, block: MarkedBlock): string {
  const found = placeOf(text, block);
  if (found === null) return text;
  const [before, after] = [text.slice(0, found.from), text.slice(found.to)];
  const isAfterEmptyLine = /(?:^|\n)\r?\n$/.test(before);
  return (isAfterEmptyLine || after === '' ? before.replace(/\r?\n$/, '') : before) + after;
}

const eolOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

const textOf = ({ start, lines, end }: MarkedBlock, eol: string): string =>
  [start, ...lines, end].map((line) => line + eol).join('');

/** A first line whose last one is lost is no block: what follows it is somebody's. */
function placeOf(text: string, { start, end }: MarkedBlock): { from: number; to: number } | null {
  const marks = new RegExp(`^(?:(${escaped(start)})|${escaped(end)})\\r?(?:\\n|$(?![^]))`, 'gm');
  let from: number | null = null;
  for (const mark of text.matchAll(marks)) {
    if (mark[1] !== undefined) from = mark.index;
    else if (from !== null) return { from, to: mark.index + mark[0].length };
  }
  return null;
}

const escaped = (line: string): string => line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
