import { createHash } from 'node:crypto';
import type { NewCommit, Oid } from '../transport/port.ts';

/**
 * A record as a commit (protocol 3): the empty tree, one readable subject, a blank line, a JSON note. The bytes are a
 * function of what is given, so a heartbeat that comes round is the same object again.
 */
export interface CommitParts {
  readonly objectFormat: 'sha1' | 'sha256';
  readonly parents: readonly Oid[];
  /** Default: the empty one. */
  readonly tree?: Oid;
  /** Author and committer. */
  readonly agent: string;
  readonly dateMs: number;
  readonly subject: string;
  readonly note: unknown;
}

const hash = (format: 'sha1' | 'sha256', type: string, body: Buffer): Oid =>
  createHash(format).update(`${type} ${body.length}\0`).update(body).digest('hex');

export function encodeCommit(parts: CommitParts): NewCommit {
  const person = `${parts.agent} <${parts.agent}@git-coord.invalid> ${Math.floor(parts.dateMs / 1000)} +0000`;
  const lines = [
    `tree ${parts.tree ?? hash(parts.objectFormat, 'tree', Buffer.alloc(0))}`,
    ...parts.parents.map((oid) => `parent ${oid}`),
    `author ${person}`,
    `committer ${person}`,
    '',
    oneLine(parts.subject),
    '',
    noteText(parts.note),
    '',
  ];
  const body = Buffer.from(lines.join('\n'));
  return { oid: hash(parts.objectFormat, 'commit', body), body };
}

/** A subject is shown by `git log --oneline`: one line, of a length that fits one. */
function oneLine(text: string): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

/** Two levels with a line for each field, for people; what is below stands compact, so that its size is bounded. */
function noteText(note: unknown, levels = 2, indent = ''): string {
  if (levels === 0 || typeof note !== 'object' || note === null || Array.isArray(note)) return JSON.stringify(note);
  const lines = Object.entries(note)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${indent}  ${JSON.stringify(key)}: ${noteText(value, levels - 1, `${indent}  `)}`);
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n${indent}}`;
}

/** Deeper JSON overflows the stack of whoever walks it. */
export const nestingMax = 64;

/** How deep brackets nest in a JSON text, those inside of strings left out. */
export function nestingOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [part] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (part === '[' || part === '{') deepest = Math.max(deepest, ++depth);
    else if (part === ']' || part === '}') depth--;
  }
  return deepest;
}

/** The JSON behind the subject, or undefined: none, or one that nests too deeply. */
export function parseNote(message: string): unknown {
  const start = message.indexOf('\n\n');
  if (start < 0) return undefined;
  const text = message.slice(start + 2);
  try {
    return nestingOf(text) > nestingMax ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
