import { createHash } from 'node:crypto';
import type { Oid } from '../port.ts';

export type ObjectFormat = 'sha1' | 'sha256';
export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

/** The bytes that git hashes and stores: a header with type and length, then the body. */
export function framed(type: ObjectType, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body]);
}

/** The id of an object. */
export function objectId(format: ObjectFormat, type: ObjectType, body: Buffer): Oid {
  return createHash(format).update(framed(type, body)).digest('hex');
}

/** The id of the tree that every record has. */
export function emptyTreeOid(format: ObjectFormat): Oid {
  return objectId(format, 'tree', Buffer.alloc(0));
}
