/** Which lines of which files a patch of `git diff --unified=0` has added or changed. */

/** First and last line, counted from 1. */
export type Lines = readonly [first: number, last: number];

export const allLines: readonly Lines[] = [[1, Number.POSITIVE_INFINITY]];

export const touches = (lines: readonly Lines[], first: number, last: number): boolean =>
  lines.some(([from, to]) => from <= last && first <= to);

/** By name, in a patch with the prefixes `a/` and `b/`. Content may look like a header: the counts say what is content. */
export function changedLines(patch: string): Map<string, Lines[]> {
  const byFile = new Map<string, Lines[]>();
  let lines: Lines[] = [];
  let content = 0;
  for (const line of patch.split('\n')) {
    if (content > 0 && /^[-+]/.test(line)) {
      content--;
      continue;
    }
    if (line.startsWith('+++ ')) {
      lines = [];
      byFile.set(nameIn(line.slice(4)), lines);
      continue;
    }
    const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (hunk === null) continue;
    const [removed, first, added] = [Number(hunk[1] ?? 1), Number(hunk[2]), Number(hunk[3] ?? 1)];
    content = removed + added;
    if (added > 0) lines.push([first, first + added - 1]);
  }
  return byFile;
}

/** The lines that a patch adds, by name, with the same prefixes. */
export function addedTexts(patch: string): Map<string, string> {
  const byFile = new Map<string, string>();
  let name = '';
  let content = 0;
  for (const line of patch.split('\n')) {
    if (content > 0 && /^[-+]/.test(line)) {
      content--;
      if (line.startsWith('+')) byFile.set(name, `${byFile.get(name) ?? ''}${line.slice(1)}\n`);
      continue;
    }
    if (line.startsWith('+++ ')) name = nameIn(line.slice(4));
    const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    if (hunk !== null) content = Number(hunk[1] ?? 1) + Number(hunk[2] ?? 1);
  }
  return byFile;
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
};

/** `b/src/a.ts`, or in quotes as C writes them; git ends a name that has blanks with a tab. */
function nameIn(text: string): string {
  if (!text.startsWith('"')) return text.replace(/\t$/, '').replace(/^b\//, '');
  const inner = text.slice(1, text.lastIndexOf('"'));
  const name = inner.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? code),
  );
  return name.replace(/^b\//, '');
}
