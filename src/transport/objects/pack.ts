import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { NewObject } from '../port.ts';
import type { ObjectFormat } from './object-id.ts';

const typeCodes = { commit: 1, tree: 2 } as const;

const headBytes = 12;

/** A pack of these objects and the empty tree that most records have, and of what another pack has. */
export function packObjects(format: ObjectFormat, objects: readonly NewObject[], others?: Buffer): Buffer {
  const unique = [...new Map(objects.map((object) => [object.oid, object])).values()];
  const head = Buffer.alloc(headBytes);
  head.write('PACK', 'latin1');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(unique.length + 1 + (others?.readUInt32BE(8) ?? 0), 8);
  const entries = [...unique.map(({ type, body }) => entry(type ?? 'commit', body)), entry('tree', Buffer.alloc(0))];
  // deltas name their base by how far before them it stands: they may be moved together
  const lent = others?.subarray(headBytes, -createHash(format).digest().length) ?? Buffer.alloc(0);
  const pack = Buffer.concat([head, ...entries, lent]);
  return Buffer.concat([pack, createHash(format).update(pack).digest()]);
}

/** Type and length, seven bits a byte after the first four; then the body, compressed. */
function entry(type: keyof typeof typeCodes, body: Buffer): Buffer {
  const head = [(typeCodes[type] << 4) | (body.length & 15)];
  for (let rest = body.length >>> 4; rest > 0; rest >>>= 7) {
    head[head.length - 1] = (head.at(-1) ?? 0) | 0x80;
    head.push(rest & 0x7f);
  }
  return Buffer.concat([Buffer.from(head), deflateSync(body)]);
}
