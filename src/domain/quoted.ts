/**
 * Somebody else's text in a page that a model reads: one line in quotes that it can't close, without characters that don't
 * show (controls, turns of direction, tags), and not so long that it drowns what stands around it.
 */
export const quotedCharsMax = 200;

/** One line of at most so many characters, the cut marked by `…`; not yet in quotes. */
export function shortened(text: string, charsMax = quotedCharsMax): string {
  // here, because reading such a class takes a start of the program a millisecond
  const unseen = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+/gu;
  // a character takes two units at most: what lies far behind the cut isn't looked at
  const unitsMax = 8 * charsMax;
  const chars = [...text.slice(0, unitsMax).replace(unseen, ' ').trim()];
  const whole = chars.length <= charsMax && text.length <= unitsMax;
  return whole ? chars.join('') : `${chars.slice(0, charsMax - 1).join('')}…`;
}

/** `"…"`, a JSON string of at most 200 characters, the cut marked by `…`. */
export const quoted = (text: string): string => JSON.stringify(shortened(text));
