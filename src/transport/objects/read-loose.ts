import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { commitBytesMax, type Oid } from '../port.ts';

/** `commit <length>` and a zero byte. */
const headBytesMax = 32;

export const loosePath = (folder: string, oid: Oid): string => join(folder, oid.slice(0, 2), oid.slice(2));

/** The body of a commit that lies loose in an object folder; null when it doesn't, is damaged, or longer than is read. */
export async function readLooseCommit(folder: string, oid: Oid): Promise<Buffer | null> {
  try {
    const packed = await readFile(loosePath(folder, oid));
    const bytes = inflateSync(packed, { maxOutputLength: commitBytesMax + headBytesMax });
    const end = bytes.indexOf(0);
    const body = bytes.subarray(end + 1);
    return bytes.toString('latin1', 0, end) === `commit ${body.length}` ? body : null;
  } catch {
    return null;
  }
}
