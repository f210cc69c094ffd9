import { checkSettings } from '../../config/settings.ts';
import { oneLine } from '../../domain/plain-text.ts';
import { CoordError } from '../../errors.ts';
import { type CheckName, type CheckResult, type GateReport, isOff } from './checks.ts';

/** The report in words. */

/** `tests passed (1.2 s)` */
export function checkWords({ name, status, reason, durationMs }: CheckResult): string {
  const time = status === 'skipped' ? '' : ` (${(durationMs / 1000).toFixed(1)} s)`;
  return `${name} ${status}${time}${reason === null ? '' : `: ${reason}`}`;
}

/** A check that has not ended. */
export interface Lasting {
  readonly name: CheckName;
  /** How long it has run; null: it waits for the build. */
  readonly forMs: number | null;
  /** Of tools and of the configuration, as they were started. */
  readonly commands: readonly string[];
}

const commandCharsMax = 60;

/** `tests for 16 s (npm run check), types after the build` */
export function lastingWords(checks: readonly Lasting[]): string {
  const words = checks.map(({ name, forMs, commands }) => {
    if (forMs === null) return `${name} after the build`;
    const shown = commands.map((command) => cutTo(oneLine(command), commandCharsMax)).join(' and ');
    return `${name} for ${Math.round(forMs / 1000)} s${shown === '' ? '' : ` (${shown})`}`;
  });
  return words.join(', ');
}

const cutTo = (text: string, chars: number): string => (text.length > chars ? `${text.slice(0, chars - 1)}…` : text);

/** What was not checked, with each reason once, and by which setting; null: everything was. */
export function skippedWords({ checks }: GateReport): string | null {
  const byReason = new Map<string, string[]>();
  for (const { name, status, reason } of checks) {
    if (status !== 'skipped') continue;
    const names = byReason.get(reason ?? '') ?? [];
    byReason.set(reason ?? '', [...names, reason === isOff ? `${name} (quality.${checkSettings[name]})` : name]);
  }
  const off = byReason.get(isOff);
  byReason.delete(isOff);
  const groups = [...byReason].map(([reason, names]) => `${names.join(', ')}: ${reason}`);
  const lines = groups.length === 0 ? [] : [`not checked: ${groups.join('; ')}`];
  if (off !== undefined) lines.push(`switched off by configuration: ${off.join(', ')}`);
  return lines.length === 0 ? null : lines.join('\n');
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
