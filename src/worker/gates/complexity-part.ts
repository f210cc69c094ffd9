import { touches } from './changed-lines.ts';
import type { PartResult } from './checks.ts';
import { type FunctionComplexity, isMeasurable, measure } from './complexity.ts';
import { leftOut, readSource } from './read-source.ts';
import type { Scope } from './scope.ts';

/** Functions above the bound, in the lines that are looked at: what was complex before is nobody's new doing. */
export async function complexityPart(
  root: string,
  scope: Scope,
  max: number,
  stop: () => boolean,
): Promise<PartResult> {
  const label = '';
  const names = scope.files.filter(isMeasurable);
  if (names.length === 0)
    return {
      label,
      status: 'idle',
      reason: 'no JavaScript or TypeScript file to look at',
      output: '',
      unchanged: true,
    };
  const lines = await scope.linesOf(names);
  const skipped: { name: string; why: string }[] = [];
  const found: string[] = [];
  for (const name of names) {
    if (stop()) return { label, status: 'failed', reason: 'stopped at its time limit', output: found.join('\n') };
    const source = await readSource(root, name);
    const measured = 'text' in source ? await measure(source.text, name) : { problem: source.skipped };
    if ('problem' in measured) skipped.push({ name, why: measured.problem });
    else
      for (const one of measured.functions)
        if (one.complexity > max && touches(lines.get(name) ?? [], one.line, one.lastLine))
          found.push(words(name, one, max));
  }
  const note = leftOut(skipped);
  if (found.length > 0) {
    const what = found.length === 1 ? 'a function is' : `${found.length} functions are`;
    return { label, status: 'failed', reason: `${what} above ${max}`, output: [...found, note ?? ''].join('\n') };
  }
  return { label, status: skipped.length === names.length ? 'missing' : 'passed', reason: note, output: '' };
}

const words = (file: string, { name, line, complexity }: FunctionComplexity, max: number): string =>
  `${JSON.stringify(file).slice(1, -1)}:${line}: ${name} has a complexity of ${complexity}, above ${max}`;
