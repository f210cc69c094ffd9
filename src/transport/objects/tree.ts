import type { NewTree, Oid } from '../port.ts';
import { type ObjectFormat, objectId } from './object-id.ts';

/** Kinds of entries of a tree that the book has: a tree, and a commit of which git keeps no more than the name. */
export type EntryMode = '40000' | '160000';

/** A tree with entries of one kind, by name. Names are without slashes. */
export function encodeTree(format: ObjectFormat, mode: EntryMode, entries: ReadonlyMap<string, Oid>): NewTree {
  // git's order; folders count as if a slash followed, which is the same where all names are as long as each other
  const sorted = [...entries].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const body = Buffer.concat(
    sorted.flatMap(([name, oid]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]),
  );
  return { oid: objectId(format, 'tree', body), body, type: 'tree' };
}

/** The entries of one kind; others that somebody has put there, and what comes after a damaged one, are passed over. */
export function parseTree(format: ObjectFormat, mode: EntryMode, body: Buffer): Map<string, Oid> {
  const oidBytes = format === 'sha1' ? 20 : 32;
  const entries = new Map<string, Oid>();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(' ', at);
    const end = body.indexOf(0, at);
    const next = end + 1 + oidBytes;
    if (space === -1 || end === -1 || next > body.length) break;
    if (body.toString('latin1', at, space) === mode)
      entries.set(body.toString('utf8', space + 1, end), body.toString('hex', end + 1, next));
    at = next;
  }
  return entries;
}
