import type { Setup } from '../app/setup.ts';
import type { Clone } from '../config/clone.ts';
import type { Check, Finding } from '../coordinator/diagnose.ts';
import { CoordError } from '../errors.ts';
import { meanings } from './doctor-meanings.ts';
import type { Answer, Context } from './frame/context.ts';
import { type Column, table } from './frame/table.ts';
import { oneLine } from './frame/text.ts';
import type { HostReport } from './init-host.ts';

export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly host: HostReport;
  readonly clone: Clone;
  /** Null: its configuration can't be read. */
  readonly setup: Setup | null;
}

/** What `--fix` did, by the check that asked for it and the command that does the same. */
export interface Fixed {
  readonly id: string;
  readonly command: string;
}

interface ShownCheck extends Check {
  /** What follows from it; null where all is well. */
  readonly means: string | null;
  /** Whether `--fix` does it. */
  readonly safe: boolean;
}

/** @param report where one was written */
export function doctorAnswer(
  context: Context,
  { findings, host }: Diagnosis,
  fixed: readonly Fixed[],
  report: string | null,
): Answer {
  const checks: ShownCheck[] = findings.map(({ id, ok, detail, fix, repair }) => ({
    id,
    ok,
    detail,
    fix,
    means: ok ? null : (meanings[id] ?? null),
    safe: repair !== undefined,
  }));
  const written = report === null ? '' : `\nreport: ${oneLine(report)}; look at it before you pass it on\n`;
  const text = fixedText(fixed) + checkTable(context, checks) + written;
  const answer = { data: { checks, host, fixed, report }, text };
  const first = findings.find(({ ok, code }) => !ok && code !== null);
  if (first === undefined || first.code === null) return answer;
  const { fix } = first;
  const failure = new CoordError(first.code, `${first.id}: ${first.detail}`, {
    next: isCommand(fix) ? [fix] : [],
    ...(fix !== null && !isCommand(fix) && { hint: fix }),
  });
  return { ...answer, failure };
}

/** Whether it can be typed as it is; else it is advice. */
const isCommand = (fix: string | null): fix is string => /^(git|rm|export|unset) /.test(fix ?? '');

const fixedText = (fixed: readonly Fixed[]): string =>
  fixed.map(({ id, command }) => `${id}: did what this does: ${command}\n`).join('');

function checkTable({ style, terminal }: Context, checks: readonly ShownCheck[]): string {
  const mark = (text: string) => (text === '✓' ? style.green(text) : style.red(text));
  const columns: Column[] = [{ title: '', paint: mark }, { title: '' }, { title: '', flexible: true }];
  const rows = table(
    columns,
    checks.map(({ id, ok, detail }) => [ok ? '✓' : '✗', id, detail]),
    { columns: terminal.columns },
  );
  const wrong = checks.filter(({ ok, fix, means }) => !ok && (fix !== null || means !== null));
  if (wrong.length === 0) return rows;
  const all = wrong.some(({ safe }) => safe) ? '\ngit coord doctor --fix does what is marked with *\n' : '';
  return `${rows}\nto do\n${wrong.map(toDo).join('')}${all}`;
}

/** What has to be typed is never cut. */
function toDo({ id, means, fix, safe }: ShownCheck): string {
  const type = fix === null ? '' : `    ${fix}\n`;
  return `${safe ? '*' : ' '} ${id}${means === null ? '' : `: ${means}`}\n${type}`;
}
