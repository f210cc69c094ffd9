/**
 * Messages of the protocol, one a line, on standard input and output. The SDK's own transport says nothing of what it passes
 * over, and ends at a line that is too large. Here each is told, and what follows is read on:
 *
 *   no JSON                 answered with -32700, its id unknown
 *   no message of JSON-RPC  answered with -32600, and its id where it has one: a batch, an id that is no whole number
 *   a line above 10 MiB     answered with -32600, and its id where that stands first or last
 *   a wrong answer          answered with nothing: two that answer each other's errors would never end
 */
import type { Readable } from 'node:stream';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { type InputLine, InputLines, lineMibMax } from './input-lines.ts';
import type { Sdk } from './sdk.ts';

type Id = string | number | null;
type Code = 'ParseError' | 'InvalidRequest';

export class LineTransport {
  onmessage?: (message: JSONRPCMessage) => void;
  onerror?: (error: Error) => void;
  onclose?: () => void;
  readonly #sdk: Sdk;
  readonly #input: Readable;
  readonly #write: (text: string) => void;
  readonly #lines = new InputLines();

  constructor(sdk: Sdk, input: Readable, write: (text: string) => void) {
    this.#sdk = sdk;
    this.#input = input;
    this.#write = write;
  }

  async start(): Promise<void> {
    this.#input.on('data', this.#take);
    this.#input.on('end', this.#end);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#write(`${JSON.stringify(message)}\n`);
  }

  async close(): Promise<void> {
    this.#input.off('data', this.#take);
    this.#input.off('end', this.#end);
    this.#input.pause();
    this.onclose?.();
  }

  readonly #take = (chunk: Buffer): void => {
    for (const line of this.#lines.of(chunk)) if (line.text.trim() !== '') this.#read(line);
  };

  readonly #end = (): void => {
    if (this.#lines.isMidLine) this.#tell('the input ended in the middle of a message');
  };

  #read({ text, isWhole }: InputLine): void {
    if (!isWhole) {
      this.#refuse('InvalidRequest', `a message is larger than ${lineMibMax} MiB`, idAtEdge(text));
      return;
    }
    const value = parsed(text);
    const message = this.#sdk.JSONRPCMessageSchema.safeParse(value);
    if (message.success) this.onmessage?.(message.data);
    else if (value === undefined) this.#refuse('ParseError', 'a message is no JSON', null);
    else if (isAnswer(value)) this.#tell('an answer is none of JSON-RPC');
    else this.#refuse('InvalidRequest', problemOf(value), idOf(value));
  }

  #refuse(code: Code, message: string, id: Id): void {
    this.#tell(message);
    // JSON-RPC wants an id of null where it is not known; the SDK's type has none
    this.#write(`${JSON.stringify({ jsonrpc: '2.0', id, error: { code: this.#sdk.ErrorCode[code], message } })}\n`);
  }

  #tell(why: string): void {
    this.onerror?.(new Error(`passed over on standard input: ${why}`));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const isAnswer = (value: unknown): boolean => 'result' in membersOf(value) || 'error' in membersOf(value);

function idOf(value: unknown): Id {
  const { id } = membersOf(value);
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

const idText = String.raw`"id"\s*:\s*(\d{1,15}|"[^"\\]{0,100}")\s*`;
const edges = [
  new RegExp(String.raw`^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?${idText},`),
  new RegExp(String.raw`[{,]\s*${idText}\}\s*$`),
];

/** The id of a message that was cut in its middle. In the first or the last member there can be no other. */
function idAtEdge(text: string): Id {
  const found = edges.flatMap((edge) => edge.exec(text)?.[1] ?? []);
  return found[0] === undefined ? null : JSON.parse(found[0]);
}

function problemOf(value: unknown): string {
  if (Array.isArray(value)) return 'batches are not taken: one message a line';
  const { jsonrpc, id, method } = membersOf(value);
  if (jsonrpc !== '2.0') return 'a message has no "jsonrpc": "2.0"';
  if (typeof method !== 'string') return 'a message has no method';
  if (id !== undefined && typeof id !== 'string' && !Number.isSafeInteger(id))
    return 'the id of a message is neither a text nor a whole number';
  return 'a message is none of JSON-RPC';
}
