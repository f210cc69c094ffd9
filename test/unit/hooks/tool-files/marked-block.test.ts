import { expect, test } from 'vitest';
import {
  blockState,
  type MarkedBlock,
  withBlock,
  withoutBlock,
} from '../../../../src/hooks/tool-files/marked-block.ts';

const block: MarkedBlock = { start: '<!-- > (x) -->', lines: ['one', '', 'two'], end: '<!-- < -->' };
const ours = '<!-- > (x) -->\none\n\ntwo\n<!-- < -->\n';

test.each([
  ['', ours],
  ['# Title\n', `# Title\n\n${ours}`],
  ['# Title\n\n', `# Title\n\n\n${ours}`],
  ['no end', `no end\n${ours}`],
  ['a\r\nb\r\n', `a\r\nb\r\n\r\n${ours.replaceAll('\n', '\r\n')}`],
  [`a\n\n<!-- > (x) -->\nold\n<!-- < -->\nb\n`, `a\n\n${ours}b\n`],
  ['speaks of <!-- > (x) --> only\n', `speaks of <!-- > (x) --> only\n\n${ours}`],
  ['<!-- > (x) -->\nwithout an end\n', `<!-- > (x) -->\nwithout an end\n\n${ours}`],
])('%j', (text, expected) => {
  expect(withBlock(text, block)).toBe(expected);
});

test.each(['', '# Title\n', '# Title\n\n', 'a\r\nb\r\n', '\n'])('%j comes back', (text) => {
  const now = withBlock(text, block);
  expect(blockState(now, block)).toBe('installed');
  expect(withBlock(now, block)).toBe(now);
  expect(withoutBlock(now, block)).toBe(text);
  const after = `${now}\nmore\n`;
  expect(withoutBlock(after, block)).toBe(`${text}\nmore\n`);
});

test('another version of it is outdated', () => {
  expect(blockState(ours.replace('two', 'three'), block)).toBe('outdated');
  expect(blockState('', block)).toBe('missing');
});

test.each(['no end', 'a\r\nb', 'blank end\n  '])('%j comes back, and is no line of what was written behind', (text) => {
  const now = withBlock(text, block);
  expect(blockState(now, block)).toBe('installed');
  expect(withoutBlock(now, block)).toBe(text);
  expect(withoutBlock(`${now}more\n`, block)).toMatch(/^(no end|a\r\nb|blank end\n {2})\r?\nmore\n$/);
});

test.each(['<!-- > (x) -->\none\n\ntheir text\n', '<!-- < -->\na\n<!-- > (x) -->\ntheir text\n'])(
  'a block whose end is lost takes nobody’s text with it: %j',
  (text) => {
    const now = withBlock(text, block);
    expect(withBlock(now, block)).toBe(now);
    expect(blockState(now, block)).toBe('installed');
    expect(withoutBlock(now, block)).toBe(text);
  },
);
