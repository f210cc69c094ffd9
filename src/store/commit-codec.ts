import { createHash } from 'node:crypto';
import type { NewCommit, Oid } from '../transport/port.ts';

/**
 * A record as a commit (protocol 3): the empty tree, one readable subject, a blank line, a JSON note. The bytes are a
 * function of what is given, so a heartbeat that comes round is the same object again.
 */
export interface CommitParts {
  readonly objectFormat: 'sha1' | 'sha256';
  readonly parents: readonly Oid[];
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
    `tree ${hash(parts.objectFormat, 'tree', Buffer.alloc(0))}`,
    ...parts.parents.map((oid) => `parent ${oid}`),
    `author ${person}`,
    `committer ${person}`,
    '',
    oneLine(parts.subject),
    '',
    JSON.stringify(parts.note, null, 2),
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

/** The JSON behind the subject, or undefined. */
export function parseNote(message: string): unknown {
  const start = message.indexOf('\n\n');
  if (start < 0) return undefined;
  try {
    return JSON.parse(message.slice(start + 2));
  } catch {
    return undefined;
  }
}
