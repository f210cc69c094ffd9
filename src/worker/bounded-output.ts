/** Keeps the beginning and the end of what a command prints, within a bound. */
export interface BoundedOutput {
  add(chunk: Buffer): void;
  /** With a line in place of what was left out. */
  text(): string;
}

/** Of the bound, for the beginning: what went wrong mostly stands at the end. */
const headShare = 0.25;

export function boundedOutput(bytesMax: number): BoundedOutput {
  const headBytesMax = Math.floor(bytesMax * headShare);
  const tailBytesMax = bytesMax - headBytesMax;
  let head = Buffer.alloc(0);
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let leftOutBytes = 0;
  const cutTail = (): void => {
    const whole = Buffer.concat(tail);
    const kept = whole.subarray(Math.max(0, whole.length - tailBytesMax));
    leftOutBytes += whole.length - kept.length;
    [tail, tailBytes] = [[kept], kept.length];
  };
  return {
    add(chunk) {
      const toHead = chunk.subarray(0, headBytesMax - head.length);
      if (toHead.length > 0) head = Buffer.concat([head, toHead]);
      const rest = chunk.subarray(toHead.length);
      if (rest.length === 0) return;
      // a copy: a slice would keep the whole chunk alive
      tail.push(Buffer.from(rest));
      tailBytes += rest.length;
      if (tailBytes > 2 * tailBytesMax) cutTail();
    },
    text() {
      cutTail();
      const end = Buffer.concat(tail).toString('utf8');
      if (leftOutBytes === 0) return head.toString('utf8') + end;
      return `${head.toString('utf8')}\n[${leftOutBytes} bytes left out]\n${end}`;
    },
  };
}
