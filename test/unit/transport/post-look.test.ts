import { expect, test } from 'vitest';
import { packetLine } from '../../../src/transport/git/packets.ts';
import { parseLook } from '../../../src/transport/git/post-look.ts';

const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
const refs = ['refs/board/x', 'refs/heads/main'];
const answer = (lines: readonly string[], end = '0000') => Buffer.concat([...lines.map(packetLine), Buffer.from(end)]);

test.each([
  ['what is there', answer([`${a} refs/board/x\n`]), { 'refs/board/x': a }],
  ['longer names', answer([`${a} refs/board/x\n`, `${b} refs/board/xy\n`]), { 'refs/board/x': a }],
  ['nothing', answer([]), {}],
  ['a part', answer([`${a} refs/board/x\n`], ''), null],
  ['a part of a line', answer([`${a} refs/board/x\n`]).subarray(0, -20), null],
  ['a flush in the middle', answer(['0000', `${a} refs/board/x\n`]), null],
  ['a refusal', answer(['ERR no such repository\n']), null],
  ['another object format', answer([`${'c'.repeat(64)} refs/board/x\n`]), null],
  ['an older protocol', answer([`${a} refs/board/x\0 side-band-64k\n`]), null],
  ['no answer', Buffer.alloc(0), null],
])('%s', (_what, bytes, found) => {
  const parsed = parseLook(bytes, refs, 'sha1');
  expect(parsed && Object.fromEntries(parsed)).toEqual(found);
});
