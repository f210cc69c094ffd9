/**
 * Breakage, as opposed to losing: an operation that could not be carried out. Losing a race is a value
 * (`Outcome` in the coordinator), never an exception.
 *
 * The code is stable and part of the command line's contract; `message` says what happened and who holds what,
 * `hint` why or what follows, `next` the commands to type.
 */
export type ErrorCode =
  | 'internal'
  | 'usage'
  | 'config'
  | 'bad-id'
  | 'not-found'
  | 'held'
  | 'lost'
  | 'unavailable'
  | 'not-ready'
  | 'exists'
  | 'unknown'
  | 'conflict'
  | 'gate-failed';

export interface ErrorDetails {
  hint?: string | undefined;
  next?: readonly string[] | undefined;
  /** Data for programs, shown beside the code in JSON. */
  data?: unknown;
  cause?: unknown;
}

export class CoordError extends Error {
  override readonly name = 'CoordError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly next: readonly string[];
  readonly data: unknown;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.next = details.next ?? [];
    this.data = details.data;
  }

  /** Whether its data says so: `{ name: true }`. */
  says(name: string): boolean {
    return (this.data as Readonly<Record<string, unknown>> | null | undefined)?.[name] === true;
  }
}

/** What programs get of an error, in the command line's JSON and from MCP's tools alike (docs/cli.md, "Everywhere"). */
export function errorRecord({ code, message, hint, next, data }: CoordError) {
  return { code, message, ...(hint !== undefined && { hint }), next, ...(data !== undefined && { data }) };
}

/** The exit status of the command line for each code (docs/cli.md). */
export const exitCodes: Readonly<Record<ErrorCode, number>> = {
  internal: 1,
  usage: 2,
  config: 2,
  'bad-id': 2,
  'not-found': 3,
  held: 4,
  lost: 5,
  unavailable: 6,
  'not-ready': 7,
  exists: 7,
  unknown: 8,
  conflict: 9,
  'gate-failed': 10,
};
