import { randomBytes } from 'node:crypto';
import { emptyTreeOid, type ObjectFormat, objectId } from '../../src/transport/objects/object-id.ts';
import type { NewCommit, Oid } from '../../src/transport/port.ts';

export interface CommitOptions {
  readonly parents?: readonly Oid[];
  readonly message?: string;
  readonly tree?: Oid;
  readonly objectFormat?: ObjectFormat;
  /** Fixed where two commits shall have the same bytes. */
  readonly nonce?: string;
}

/** A commit like those of the book: the empty tree, fixed dates, and a nonce that makes it unlike all others. */
export function makeCommit(options: CommitOptions = {}): NewCommit {
  const { parents = [], message = 'a record', objectFormat = 'sha1' } = options;
  const nonce = options.nonce ?? randomBytes(16).toString('base64url');
  const person = 'agent-a <agent-a@example.invalid> 1700000000 +0000';
  const header = [
    `tree ${options.tree ?? emptyTreeOid(objectFormat)}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${person}`,
    `committer ${person}`,
  ];
  const body = Buffer.from(`${header.join('\n')}\n\n${message}\n\n${nonce}\n`);
  return { oid: objectId(objectFormat, 'commit', body), body };
}
