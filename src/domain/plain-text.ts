/** Escape sequences: CSI, OSC and other strings up to their end, and single ones. */
const escapes =
  /[\x1b\x9b]\[?[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?/g;
const strings = /(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?/g;
/** Control characters but tab and newline, those that turn the direction of what follows, and a second alphabet that nobody sees. */
const controls =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]|\udb40[\udc00-\udc7f]/g;

/** Somebody else's text, safe for a terminal and a page; newlines stay. */
export function manyLines(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(strings, '')
    .replace(escapes, '')
    .replace(controls, '')
    .replace(/\t/g, '  ');
}

/** What most texts are. */
const isPlain = /^[!-~]+(?: [!-~]+)*$/;

/** Somebody else's text, safe for a terminal and a page, in one line. */
export function oneLine(text: string): string {
  if (isPlain.test(text)) return text;
  return manyLines(text).replace(/\s+/g, ' ').trim();
}
