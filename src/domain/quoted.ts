/**
 * Somebody else's text in a page that a model reads: one line in quotes that it can't close, without characters that don't
 * show (controls, turns of direction, tags), and not so long that it drowns what stands around it.
 */
const quotedCharsMax = 200;
const unseen = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+/gu;

/** `"…"`, a JSON string of at most 200 characters, the cut marked by `…`. */
export function quoted(text: string): string {
  // a character takes two units at most: what lies far behind the cut isn't looked at
  const chars = [
    ...text
      .slice(0, 8 * quotedCharsMax)
      .replace(unseen, ' ')
      .trim(),
  ];
  const whole = chars.length <= quotedCharsMax && text.length <= 8 * quotedCharsMax;
  return JSON.stringify(whole ? chars.join('') : `${chars.slice(0, quotedCharsMax - 1).join('')}…`);
}
