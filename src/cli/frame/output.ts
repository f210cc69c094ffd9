import { CoordError, errorRecord, exitCodes } from '../../errors.ts';
import type { Answer } from './context.ts';
import type { Style } from './style.ts';
import { manyLines } from './text.ts';

const schema = 'git-coord/v1';

/** One JSON document in a line, without characters that a terminal would obey. */
export function jsonLine(document: unknown): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(document).replace(/[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped)}\n`;
}

export function successDocument(data: unknown): string {
  return jsonLine({ schema, ok: true, data: data ?? null });
}

export function failureDocument(error: CoordError, data?: unknown): string {
  return jsonLine({ schema, ok: false, error: errorRecord(error), ...(data !== undefined && { data }) });
}

/** A failure for people: what happened, why or what follows, what to type. */
export function failureText(error: CoordError, style: Style): string {
  const lines = [`${style.red('error:')} ${manyLines(error.message)}`];
  if (error.hint !== undefined) lines.push(`${style.yellow('hint:')} ${manyLines(error.hint)}`);
  for (const command of error.next) lines.push(`${style.cyan('next:')} ${manyLines(command)}`);
  return `${lines.join('\n')}\n`;
}

/** Everything that isn't a `CoordError` is a defect of ours. */
export function toCoordError(error: unknown): CoordError {
  if (error instanceof CoordError) return error;
  const message = error instanceof Error ? error.message || error.name : String(error);
  return new CoordError('internal', `a defect in git-coord: ${message}`, {
    hint: 'Please report it, with what COORD_DEBUG=1 in the environment makes the same command print.',
    cause: error,
  });
}

/** The stack of a failure, for `COORD_DEBUG=1`. */
export function stackOf(error: CoordError): string {
  const inner = error.cause instanceof Error ? `\ncaused by ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${inner}\n`;
}

export function exitCodeOf(answer: Answer): number {
  return answer.failure === undefined ? (answer.exitCode ?? 0) : exitCodes[answer.failure.code];
}
