/** The words of git's receive-pack: the request that moves refs, and the report that answers it. Pure. */
import type { ObjectFormat } from '../objects/object-id.ts';
import type { RefUpdate } from '../port.ts';
import { packetLine, packets } from './packets.ts';

export interface ReceiveRequest {
  readonly updates: readonly RefUpdate[];
  readonly atomic: boolean;
  readonly objectFormat: ObjectFormat;
}

export interface ReceiveReport {
  /** What was said of each ref: null for `ok`, else the server's reason. */
  readonly refs: ReadonlyMap<string, string | null>;
  /** `ok`, or why the objects were not taken; null: nothing was said of them. */
  readonly unpack: string | null;
  /** What the server and its hooks said for people. */
  readonly words: string;
}

const flush = '0000';

/** A pack follows, unless everything is deleted. */
export function encodeRequest({ updates, atomic, objectFormat }: ReceiveRequest): Buffer {
  const absent = '0'.repeat(objectFormat === 'sha1' ? 40 : 64);
  const wishes = ['report-status', 'side-band-64k', ...(atomic ? ['atomic'] : [])];
  // a server of the other format refuses, where without it it would misread
  if (objectFormat !== 'sha1') wishes.push(`object-format=${objectFormat}`);
  const lines = updates.map(({ ref, from, to }, index) =>
    packetLine(`${from ?? absent} ${to ?? absent} ${ref}${index === 0 ? `\0 ${wishes.join(' ')}` : ''}`),
  );
  return Buffer.concat([...lines, Buffer.from(flush)]);
}

/** Reads what came back. A report that breaks off says nothing of the refs that are missing in it. */
export function parseReport(answer: Buffer): ReceiveReport {
  const report: Buffer[] = [];
  const words: Buffer[] = [];
  for (const packet of packets(answer)) {
    const band = packet[0];
    if (band === 1) report.push(packet.subarray(1));
    else if (band === 2 || band === 3) words.push(packet.subarray(1));
  }
  const refs = new Map<string, string | null>();
  let unpack: string | null = null;
  for (const packet of packets(Buffer.concat(report))) {
    const [verb, name = '', ...reason] = packet.toString('utf8').trimEnd().split(' ');
    if (verb === 'unpack') unpack = [name, ...reason].join(' ');
    else if (verb === 'ok') refs.set(name, null);
    else if (verb === 'ng') refs.set(name, reason.join(' '));
  }
  return { refs, unpack, words: Buffer.concat(words).toString('utf8') };
}
