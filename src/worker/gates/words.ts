import { CoordError } from '../../errors.ts';
import type { CheckResult, GateReport } from './checks.ts';

/** The report in words. */

/** `tests passed (1.2 s)` */
export function checkWords({ name, status, reason, durationMs }: CheckResult): string {
  const time = status === 'skipped' ? '' : ` (${(durationMs / 1000).toFixed(1)} s)`;
  return `${name} ${status}${time}${reason === null ? '' : `: ${reason}`}`;
}

/** What was not checked, with each reason once; null: everything was. */
export function skippedWords({ checks }: GateReport): string | null {
  const byReason = new Map<string, string[]>();
  for (const { name, status, reason } of checks) {
    if (status !== 'skipped') continue;
    const names = byReason.get(reason ?? '') ?? [];
    byReason.set(reason ?? '', [...names, name]);
  }
  const groups = [...byReason].map(([reason, names]) => `${names.join(', ')}: ${reason}`);
  return groups.length === 0 ? null : `not checked: ${groups.join('; ')}`;
}

const lastLinesMax = 12;
const lineCharsMax = 300;

export function lastLines(output: string): string {
  const lines = output.trimEnd().split('\n').slice(-lastLinesMax);
  return lines.map((line) => `  ${line.slice(0, lineCharsMax)}`).join('\n');
}

export const failedOf = ({ checks }: GateReport): CheckResult[] => checks.filter(({ status }) => status === 'failed');

/** The refusal of a landing. The first check that failed is shown with its last lines. */
export function gateFailure(task: string, report: GateReport): CoordError {
  const failed = failedOf(report);
  const what = failed.map(({ name, reason }) => `${name} (${reason ?? 'failed'})`).join(', ');
  const shown = failed.find(({ output }) => output.trim() !== '');
  const tail = shown === undefined ? '' : `\nThe last lines of ${shown.name}:\n${lastLines(shown.output)}`;
  return new CoordError('gate-failed', `${task} doesn't pass its gates: ${what}`, {
    hint: `The claim is kept, and nothing reached the target.${tail}`,
    next: ['git coord gate --changed', `git coord land ${task}`],
    data: { checks: report.checks },
  });
}
