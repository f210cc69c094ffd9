export interface ProgressLine {
  readonly text: string;
  readonly percent: number | null;
}

const form = /^::progress(?:[ \t]+(\d{1,3}(?:\.\d+)?)%?(?=[ \t]|$))?(?:[ \t]+(.*))?$/;
const textCharsMax = 500;

/** `::progress 40 tests pass`, `::progress tests pass`, `::progress 40`; null for any other line. */
export function progressLine(line: string): ProgressLine | null {
  const found = form.exec(line.trimEnd());
  if (found === null) return null;
  const percent = found[1] === undefined ? null : Number(found[1]);
  const text = (found[2] ?? '').trim().slice(0, textCharsMax);
  if (percent !== null && percent > 100) return { text: `${found[1]} ${text}`.trim(), percent: null };
  return percent === null && text === '' ? null : { text, percent };
}
