export { manyLines, oneLine } from '../../domain/plain-text.ts';

const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const narrow = /^(?:\p{Mn}|\p{Me}|\p{Cf})/u;
const colors = /\x1b\[[0-9;]*m/g;

const charWidth = (char: string): number => (char < '\u0300' ? 1 : narrow.test(char) ? 0 : wide.test(char) ? 2 : 1);

/** How many columns a terminal gives a line; colours take none. */
export function displayWidth(line: string): number {
  let width = 0;
  for (const char of line.replace(colors, '')) width += charWidth(char);
  return width;
}

/** A line without colours, cut to so many columns, with `…` where something is missing. */
export function cut(line: string, columns: number): string {
  if (displayWidth(line) <= columns) return line;
  let width = 0;
  let kept = '';
  for (const char of line) {
    width += charWidth(char);
    if (width > columns - 1) break;
    kept += char;
  }
  return columns < 1 ? '' : `${kept}…`;
}

/** Breaks a line at spaces so that it fits; what follows the first is indented. Infinity: as it is. */
export function wrap(line: string, columns: number, indent = ''): string {
  if (displayWidth(line) <= columns) return line;
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/(?<=\S) +/)) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current !== '' && displayWidth(longer) > columns) {
      lines.push(current);
      current = indent + word;
    } else current = longer;
  }
  return [...lines, current].join('\n');
}

/** As a shell takes it for one word. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
