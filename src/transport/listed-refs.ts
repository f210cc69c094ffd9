import type { Oid } from './port.ts';

let hasListed = false;

/**
 * The refs of a listing with lines of `<oid> <ref>`.
 *
 * A piece of a text keeps all of that text in memory for as long as anybody remembers the piece: a process that lists again
 * and again copies each line out. The first listing is spared that, which takes a short command two milliseconds.
 */
export function listedRefs(output: Buffer): Map<string, Oid> {
  const refs = new Map<string, Oid>();
  for (const line of hasListed ? copiedLines(output) : output.toString('utf8').split('\n')) {
    const space = line.indexOf(' ');
    if (space !== -1) refs.set(line.slice(space + 1), line.slice(0, space));
  }
  hasListed = true;
  return refs;
}

function* copiedLines(output: Buffer): Generator<string> {
  for (let start = 0; start < output.length; ) {
    const found = output.indexOf('\n', start);
    const end = found === -1 ? output.length : found;
    yield output.toString('utf8', start, end);
    start = end + 1;
  }
}
