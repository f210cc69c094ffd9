import { oneLine } from '../domain/plain-text.ts';

/** Somebody else's text for the page: one line, nothing in it that turns or hides what stands beside it, and not too long. */
export function shownText(text: string, charsMax = 160): string {
  const line = oneLine(text.slice(0, 8 * charsMax));
  // a character takes two units at most
  if (line.length <= charsMax) return line;
  const chars = Array.from(line);
  return chars.length <= charsMax ? line : `${chars.slice(0, charsMax - 1).join('')}…`;
}
