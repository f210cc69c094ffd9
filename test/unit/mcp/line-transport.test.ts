import { PassThrough } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import { LineTransport } from '../../../src/mcp/line-transport.ts';
import { sdk } from '../../../src/mcp/sdk.ts';

const large = 'a'.repeat(11 * 1024 * 1024);
const ping = '{"jsonrpc":"2.0","id":7,"method":"ping"}';

let input: PassThrough;
let taken: unknown[];
let told: string[];
// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests look at
let answers: any[];
beforeEach(async () => {
  input = new PassThrough();
  [taken, told, answers] = [[], [], []];
  const transport = new LineTransport(sdk, input, (text) => void answers.push(JSON.parse(text)));
  transport.onmessage = (message) => void taken.push(message);
  transport.onerror = ({ message }) => void told.push(message);
  await transport.start();
});

async function send(...pieces: (string | Buffer)[]): Promise<void> {
  const ended = new Promise((resolve) => input.once('end', resolve));
  for (const piece of pieces) input.write(piece);
  input.end();
  await ended;
}

const refused: readonly [line: string, id: unknown, code: number, why: RegExp][] = [
  ['no json', null, -32700, /no JSON/],
  ['\ufffd', null, -32700, /no JSON/],
  ['null', null, -32600, /jsonrpc/],
  ['[]', null, -32600, /batches/],
  [`[${ping}]`, null, -32600, /batches/],
  ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 1.5, -32600, /whole number/],
  ['{"jsonrpc":"2.0","id":null,"method":"ping"}', null, -32600, /whole number/],
  ['{"jsonrpc":"2.0","id":{},"method":"ping"}', null, -32600, /whole number/],
  ['{"jsonrpc":"1.0","id":2,"method":"ping"}', 2, -32600, /jsonrpc/],
  ['{"jsonrpc":"2.0","id":"x","method":5}', 'x', -32600, /no method/],
  ['{"jsonrpc":"2.0","id":2,"method":"ping","params":[]}', 2, -32600, /none of JSON-RPC/],
  [`{"method":"ping","params":{"a":"${large}"},"jsonrpc":"2.0","id":12}`, 12, -32600, /larger than 10 MiB/],
  [`{"jsonrpc":"2.0","id":"x y","method":"ping","params":{"a":"${large}"}}`, 'x y', -32600, /larger than 10 MiB/],
  [`{ "id" : 3 , "method":"ping","params":{"a":"${large}"}}`, 3, -32600, /larger than 10 MiB/],
  [`{"method":"ping","id":3,"params":{"a":"${large}","id":4}}`, null, -32600, /larger than 10 MiB/],
  [`{"method":"ping","params":{"a":"${large},\\"id\\":4"}}`, null, -32600, /larger than 10 MiB/],
  [large, null, -32600, /larger than 10 MiB/],
];
test.each(refused)('%.60s is answered and told, and what follows is read', async (line, id, code, why) => {
  await send(`${line}\n${ping}\n`);
  expect(answers).toEqual([{ jsonrpc: '2.0', id, error: { code, message: expect.stringMatching(why) } }]);
  expect(told).toEqual([expect.stringMatching(why)]);
  expect(taken).toEqual([JSON.parse(ping)]);
});

test.each([
  '{"jsonrpc":"2.0","id":null,"result":5}',
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}',
])('the answer %s gets none, and is told', async (line) => {
  await send(`${line}\n`);
  expect([answers, told]).toEqual([[], [expect.stringContaining('an answer is none')]]);
});

test('a message comes in pieces, in the middle of a character too, and with either end of a line', async () => {
  const bytes = Buffer.from(`${ping.replace('ping', 'pîng')}\r\n\n \n${ping}\n`);
  await send(...Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)));
  expect(taken).toEqual([{ ...JSON.parse(ping), method: 'pîng' }, JSON.parse(ping)]);
  expect([answers, told]).toEqual([[], []]);
});

test('of a line that never ends nothing is kept but its ends', async () => {
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 300; i++) if (!input.write(Buffer.alloc(1024 * 1024, 97))) await new Promise(setImmediate);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 1024 * 1024);
  await send('\n');
  expect(told).toHaveLength(1);
});

test('input that ends in the middle of a message is told', async () => {
  await send(ping);
  expect([taken, answers]).toEqual([[], []]);
  expect(told).toEqual([expect.stringContaining('ended in the middle')]);
});
