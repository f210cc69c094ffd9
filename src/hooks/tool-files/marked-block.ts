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

/** At the end of the text, after an empty line; or in the place where it was. */
export function withBlock(text: string, block: MarkedBlock): string {
  const eol = eolOf(text);
  const found = placeOf(text, block);
  if (found !== null) return text.slice(0, found.from) + textOf(block, eol) + text.slice(found.to);
  const gap = text === '' ? '' : text.endsWith('\n') ? eol : eol + eol;
  return text + gap + textOf(block, eol);
}

/** With the empty line before it. */
export function withoutBlock(text: string, block: MarkedBlock): string {
  const found = placeOf(text, block);
  if (found === null) return text;
  return text.slice(0, found.from).replace(/(^|\n)\r?\n$/, '$1') + text.slice(found.to);
}

const eolOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

const textOf = ({ start, lines, end }: MarkedBlock, eol: string): string =>
  [start, ...lines, end].map((line) => line + eol).join('');

function placeOf(text: string, { start, end }: MarkedBlock): { from: number; to: number } | null {
  const from = text.search(new RegExp(`^${escaped(start)}\\r?$`, 'm'));
  if (from < 0) return null;
  const last = new RegExp(`^${escaped(end)}\\r?(?:\\n|$)`, 'm').exec(text.slice(from));
  return last === null ? null : { from, to: from + last.index + last[0].length };
}

const escaped = (line: string): string => line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
