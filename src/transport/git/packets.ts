/** The packets that git's services speak in: a length in four digits of hexadecimal, and so many bytes less four. */

export function packetLine(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from((body.length + 4).toString(16).padStart(4, '0')), body]);
}

/** The packets before the first that is not whole; flushes are passed over. */
export function* packets(bytes: Buffer): Generator<Buffer> {
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = Number.parseInt(bytes.toString('latin1', at, at + 4), 16);
    if (!(length >= 0) || at + length > bytes.length) return;
    if (length > 4) yield bytes.subarray(at + 4, at + length);
    at += Math.max(4, length);
  }
}
