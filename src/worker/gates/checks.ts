/**
 * Terms of the gates. A **check** (lint, types …) is made of **parts**: a command of the configuration, the tool of a
 * project type, a scan of our own. What becomes of a part:
 *
 *   passed
 *   failed    it said no, took too long, or could not be carried out though the configuration names it
 *   skipped   a tool is missing, or the registry is away: `missing`
 *   skipped   there is nothing for it to do: none of its files changed, no such step in this kind of project, off: `idle`
 *
 * A check has failed when a part has; it is skipped when no part has passed, or one that isn't mere extra (an audit) is
 * missing; otherwise it has passed. A required check that is skipped has failed, unless none of its files changed.
 */
import type { CheckName } from '../../config/settings.ts';

export type { CheckName };

export interface CheckResult {
  readonly name: CheckName;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped, or what it left out; null: nothing to say. */
  readonly reason: string | null;
  readonly durationMs: number;
  /** What its tools printed: bounded, the beginning and the end. */
  readonly output: string;
}

export interface GateReport {
  /** No check has failed. */
  readonly ok: boolean;
  readonly checks: readonly CheckResult[];
}

export interface PartResult {
  /** What people call it: `ruff`, `npm run build`, `secrets`. */
  readonly label: string;
  readonly status: 'passed' | 'failed' | 'missing' | 'idle';
  readonly reason: string | null;
  readonly output: string;
  /** The check stands without it. */
  readonly extra?: boolean;
  /** Idle because none of its files changed. */
  readonly unchanged?: boolean;
}

/** Why a check is skipped that the configuration has switched off. */
export const isOff = 'off in the configuration';

/** One check from what became of its parts. */
export function checkResult(
  name: CheckName,
  parts: readonly PartResult[],
  { required, durationMs }: { readonly required: boolean; readonly durationMs: number },
): CheckResult {
  const found = statusOf(parts);
  const told = parts.filter((part) => part.reason !== null && (found !== 'failed' || part.status === 'failed'));
  const reason = told.map(({ label, reason: words }) => (label === '' ? words : `${label}: ${words}`)).join('; ');
  const output = parts
    .map((part) => part.output.trimEnd())
    .filter((text) => text !== '')
    .join('\n');
  const broken = required && found === 'skipped' && !parts.some((part) => part.unchanged);
  return {
    name,
    status: broken ? 'failed' : found,
    reason: broken ? `required, but skipped: ${reason}` : reason || null,
    durationMs,
    output,
  };
}

function statusOf(parts: readonly PartResult[]): CheckResult['status'] {
  const has = (status: PartResult['status']) => parts.some((part) => part.status === status);
  if (has('failed')) return 'failed';
  if (!has('passed') || parts.some((part) => part.status === 'missing' && !part.extra)) return 'skipped';
  return 'passed';
}
