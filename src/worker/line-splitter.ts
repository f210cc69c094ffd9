import { StringDecoder } from 'node:string_decoder';

/** Makes lines of chunks. A longer line than the bound is cut: nobody waits for its end. */
export function lineSplitter(lineCharactersMax: number, onLine: (line: string) => void) {
  const decoder = new StringDecoder('utf8');
  let open = '';
  const take = (text: string): void => {
    const lines = text.split(/\r?\n/);
    lines[0] = open + lines[0];
    open = (lines.pop() ?? '').slice(0, lineCharactersMax);
    for (const line of lines) onLine(line.slice(0, lineCharactersMax));
  };
  return {
    add: (chunk: Buffer): void => take(decoder.write(chunk)),
    /** The last line, if it wasn't ended. */
    end(): void {
      take(decoder.end());
      if (open !== '') onLine(open);
      open = '';
    },
  };
}
