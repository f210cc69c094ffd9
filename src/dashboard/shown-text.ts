import { oneLine } from '../domain/plain-text.ts';

/** Somebody else's text for the page: one line, nothing in it that turns or hides what stands beside it, and not too long. */
export function shownText(text: string, charsMax = 160): string {
  const chars = Array.from(oneLine(text.slice(0, 8 * charsMax)));
  return chars.length <= charsMax ? chars.join('') : `${chars.slice(0, charsMax - 1).join('')}…`;
}
