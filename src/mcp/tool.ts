import * as z from 'zod/mini';
import { CoordError } from '../errors.ts';
import { documentWith } from './shapes.ts';

/** A tool: a command of the command line, with arguments that are checked. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: z.ZodMiniObject;
  readonly output: z.ZodMiniType;
  readonly hints: Hints;
  /** Its data has a `text` that was made for a model: that is shown, as it is. */
  readonly isPage: boolean;
  /** What would be typed after `git coord`. @throws CoordError `usage` */
  readonly words: (args: unknown) => string[];
}

interface Hints {
  readonly readOnlyHint: boolean;
  readonly idempotentHint: boolean;
}

export const looks: Hints = { readOnlyHint: true, idempotentHint: true };
/** A repeat of one's own call changes nothing. */
export const settles: Hints = { readOnlyHint: false, idempotentHint: true };
export const writes: Hints = { readOnlyHint: false, idempotentHint: false };

interface Row<Shape extends z.core.$ZodLooseShape> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly takes: Shape;
  /** The shape of its data. */
  readonly gives: z.ZodMiniType;
  readonly hints: Hints;
  readonly isPage?: boolean;
  readonly words: (args: z.output<z.ZodMiniObject<Shape, z.core.$strict>>) => string[];
}

export function tool<Shape extends z.core.$ZodLooseShape>(row: Row<Shape>): Tool {
  const { name, title, description, hints, isPage = false } = row;
  const input = z.strictObject(row.takes);
  const words = (args: unknown): string[] => {
    const { success, data, error } = z.safeParse(input, args ?? {}, { reportInput: false });
    if (!success) throw wrongArguments(name, error, Object.keys(row.takes));
    return row.words(data as Parameters<typeof row.words>[0]);
  };
  return { name, title, description, hints, isPage, input, output: documentWith(row.gives), words };
}

const problemsMax = 5;

function wrongArguments(tool: string, { issues }: z.core.$ZodError, names: readonly string[]): CoordError {
  const problems = issues
    .slice(0, problemsMax)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  return new CoordError('usage', `${tool} was called wrongly: ${problems.join('; ')}`, {
    hint: `It takes ${names.join(', ') || 'no arguments'}.`,
    next: [`git coord help ${tool}`],
  });
}

/** `--name=value`, once for each; what wasn't given is left out. */
export function option(name: string, value: string | number | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  return [value].flat().map((one) => `--${name}=${one}`);
}

export const flag = (name: string, isSet: boolean | undefined): string[] => (isSet === true ? [`--${name}`] : []);

export const json = (name: string, value: unknown): string[] =>
  value === undefined ? [] : [`--${name}=${jsonText(name, value)}`];

/** @throws CoordError `usage` for what nests so deeply that nobody can walk it; the command has a bound of its own */
export function jsonText(name: string, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw new CoordError('usage', `${name} nests too deeply`);
  }
}

/** Words that stand by themselves; behind `--` where one would be taken for an option. */
export const positionals = (...words: string[]): string[] =>
  words.some((word) => word.startsWith('-')) ? ['--', ...words] : words;
