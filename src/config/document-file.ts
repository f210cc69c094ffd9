import type { Document, LineCounter, Node } from 'yaml';
import type * as z from 'zod/mini';
import { CoordError } from '../errors.ts';
import { nearest } from './nearest.ts';
import { parseYaml } from './parse-yaml.ts';

/** A file of YAML, of which JSON is a part, whose problems are told all at once, each with file and line. */
export interface DocumentFile {
  readonly plain: unknown;
  /** `file:line` of what stands at this path, or else of what it would stand in. */
  placeOf(path: readonly PropertyKey[]): string;
  wrong(problems: readonly string[]): CoordError;
}

/** What a file is read as. */
export interface FileUse {
  /** What a wrong one is not: `no workflow`. */
  readonly isNo: string;
  /** Its help says what belongs into one. */
  readonly command: string;
}

/** @throws CoordError `usage` with all that is wrong */
export async function readDocument(text: string, name: string, use: FileUse): Promise<DocumentFile> {
  const { document, counter, broken } = await parseYaml(text);
  const wrong = (problems: readonly string[]) => wrongFile(name, use, problems);
  if (broken.length > 0) throw wrong(broken.map(({ line, text: said }) => `${name}:${line}: ${said}`));
  return {
    plain: plainOf(document, name, wrong),
    placeOf: (path) => `${name}:${lineAt(document, counter, path)}`,
    wrong,
  };
}

/** @throws CoordError `usage` for aliases that stand for far more than was written, or for what they are within */
function plainOf(document: Document, name: string, wrong: DocumentFile['wrong']): unknown {
  try {
    const plain: unknown = document.toJS({ maxAliasCount: 100 });
    // of what is within itself no record can be made
    JSON.stringify(plain);
    return plain;
  } catch (error) {
    throw wrong([`${name}:1: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

const problemsShown = 20;

/** Problems begin with `name:line:`. */
export function wrongFile(name: string, { isNo, command }: FileUse, found: readonly string[]): CoordError {
  const line = (problem: string) => Number(/^:(\d+)/.exec(problem.slice(name.length))?.[1] ?? 0);
  const problems = [...found].sort((a, b) => line(a) - line(b));
  const more = problems.length > problemsShown ? [`and ${problems.length - problemsShown} more`] : [];
  const text = [...problems.slice(0, problemsShown), ...more].join('\n');
  return new CoordError('usage', `${name} is ${isNo}:\n${text}`, {
    hint: 'Nothing was written.',
    next: [`git coord help ${command}`],
    data: { problems },
  });
}

/** Where something stands, or else what it would stand in. */
function lineAt(document: Document, counter: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined;
    if (node?.range) return counter.linePos(node.range[0]).line;
  }
  return 1;
}

export interface SchemaWords {
  /** The keys that may stand in what is at this path. */
  readonly keysAt: (path: readonly PropertyKey[]) => string[];
  /** What the value of a key has to be. */
  readonly formOf: Readonly<Record<string, string>>;
}

/** What doesn't fit the schema, in words. */
export function issueTexts(
  issue: z.core.$ZodIssue,
  { placeOf }: Pick<DocumentFile, 'placeOf'>,
  { keysAt, formOf }: SchemaWords,
): string[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const near = nearest(key, keysAt(path));
      return `${placeOf([...path, key])}: ${key} is no key here${near === null ? '' : `; did you mean ${near}?`}`;
    });
  const key = path.findLast((part) => typeof part === 'string') ?? 'the file';
  const words = issue.code === 'custom' ? issue.message : `must be ${formOf[String(key)] ?? 'a text'}`;
  return [`${placeOf(path)}: ${String(key)} ${words}`];
}
