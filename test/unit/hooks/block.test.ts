import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  blockOf,
  hasBlock,
  hookNames,
  insertBlock,
  removeBlock,
  replaceBlock,
  shellWord,
  wholeFile,
} from '../../../src/hooks/block.ts';
import { readShipped } from '../../../src/hooks/script.ts';

const options = { template: await readShipped('pre-push'), beside: true, next: null };
const block = blockOf(options);

test('what was put in comes out again, byte for byte', () => {
  fc.assert(
    fc.property(fc.constantFrom('', '#!/bin/sh\n', '#! /usr/bin/env -S bash -e\r\n'), fc.string(), (first, rest) => {
      const text = insertBlock(first + rest, block);
      fc.pre(text !== null);
      expect(removeBlock(text)).toBe(first + rest);
      expect(replaceBlock(text, block)).toBe(text);
    }),
  );
});

test.each([
  ['#!/bin/sh\n', true],
  ['#!/usr/bin/env bash\nx', true],
  ['#!/usr/local/bin/zsh -f\n', true],
  ['echo no shebang\n', true],
  ['#!/usr/bin/env python3\n', false],
  ['#!/usr/bin/fish\n', false],
  ['#!/bin/sh', false],
  ['\x7fELF\0', false],
])('%j takes a block: %s', (text, takes) => {
  expect(insertBlock(text, block) !== null).toBe(takes);
});

test('a file that is ours as a whole goes; one that only looks like it stays', () => {
  expect(removeBlock(wholeFile(options))).toBeNull();
  expect(removeBlock(replaceBlock(wholeFile(options), block))).toBeNull();
  expect(removeBlock(insertBlock('#!/bin/sh\n', block) ?? '')).toBe('#!/bin/sh\n');
  expect(removeBlock('#!/bin/sh\n# >>> git-coord, half of it\n')).toBe('#!/bin/sh\n# >>> git-coord, half of it\n');
});

test.each(hookNames)('%s as it ships is marked, and is found through git elsewhere', async (name) => {
  const template = await readShipped(name);
  expect(hasBlock(template)).toBe(true);
  const elsewhere = blockOf({ template, beside: false, next: "'/next'" });
  expect(elsewhere).toContain('$(git rev-parse --git-common-dir)/hooks/git-coord');
  expect(elsewhere).not.toContain('$' + '{0%/*}');
  expect(elsewhere).toContain("coord_next='/next'\n");
});

test('a shell word is what it was', () => {
  for (const word of ["it's", '$(x) `y` "z"', 'Zoë \\ \n!'])
    expect(
      execFileSync('sh', ['-c', Buffer.from(`printf %s ${shellWord(word)}`, 'latin1').toString()], {
        encoding: 'utf8',
      }),
    ).toBe(word);
});
