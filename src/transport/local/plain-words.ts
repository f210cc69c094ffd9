const wordsMax = 1000;

/** What git or a server said, fit to be shown: one line, without control characters, bounded. */
export function plainWords(text: string): string {
  return text
    .replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
    .trim()
    .slice(0, wordsMax);
}
