export const lineMibMax = 10;
const lineBytesMax = lineMibMax * 1024 * 1024;
/** What is kept of a line that is too large, of its beginning and of its end. */
const edgeBytes = 256;

const lineEnd = 10;

export interface InputLine {
  readonly text: string;
  /** False: the line was too large, and the text is what is left of its ends. */
  readonly isWhole: boolean;
}

/** Lines of a stream, from its pieces. */
export class InputLines {
  #parts: Buffer[] = [];
  #bytes = 0;

  /** The lines that end in this piece, without their ends. */
  *of(chunk: Buffer): Generator<InputLine> {
    let from = 0;
    for (let at = chunk.indexOf(lineEnd); at >= 0; at = chunk.indexOf(lineEnd, from)) {
      this.#keep(chunk.subarray(from, at));
      from = at + 1;
      yield { text: Buffer.concat(this.#parts).toString('utf8'), isWhole: this.#bytes <= lineBytesMax };
      [this.#parts, this.#bytes] = [[], 0];
    }
    this.#keep(chunk.subarray(from));
  }

  get isMidLine(): boolean {
    return this.#bytes > 0;
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    this.#parts.push(part);
    if (this.#bytes > lineBytesMax) this.#parts = [edgesOf(Buffer.concat(this.#parts))];
  }
}

const edgesOf = (line: Buffer): Buffer =>
  line.length <= 2 * edgeBytes ? line : Buffer.concat([line.subarray(0, edgeBytes), line.subarray(-edgeBytes)]);
