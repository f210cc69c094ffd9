// A copy of a clone brings its names and its ledgers along, and is another claimant all the same (protocol 1, "Mine").
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinBook, makeBook, makeLocalBook } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let clone: string;
let copy: string;
beforeEach(async () => {
  scratch = await makeScratch();
  const bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  clone = join(scratch.dir, 'clone');
  copy = join(scratch.dir, 'copy');
  await joinBook(bare, clone, await makeBook(bare, bare));
});
afterEach(() => scratch.remove());

const named = { COORD_AGENT: 'agent-a', COORD_SESSION: 's-1' };

test.each([
  ['the same names', named],
  ['names of its own', {}],
])('a copy with %s can not end the original claim', async (_, env) => {
  expect((await cliJson(['claim', 'build'], { cwd: clone, env })).status).toBe(0);
  await cp(clone, copy, { recursive: true });
  const commands = [
    ['release', 'build'],
    ['done', 'build'],
    ['fail', 'build', '--reason', 'x'],
    ['renew', 'build'],
  ];
  for (const command of [...commands, ['progress', 'build', 'half'], ['claim', 'build']]) {
    const { status, error } = await cliJson(command, { cwd: copy, env });
    expect([command[0], status], error?.message).toEqual([command[0], 4]);
  }
  const { data } = await cliJson(['done', 'build'], { cwd: clone, env });
  expect(data.state).toBe('done');
});

test('nor can the same folder on another machine', async () => {
  expect((await cliJson(['claim', 'build'], { cwd: clone, env: named })).status).toBe(0);
  // the ledger as it would be found after the disk was moved: written by another machine
  const held = join(clone, '.git/coord/held/build');
  await writeFile(held, (await readFile(held, 'utf8')).replace(/^place=[^:]*/m, 'place=host-other'));
  expect((await cliJson(['done', 'build'], { cwd: clone, env: named })).status).toBe(4);
});

test('embedded too: the copy has a book of its own, where the claim runs out', async () => {
  const own = await makeLocalBook(join(scratch.dir, 'own'));
  expect((await cliJson(['claim', 'build'], { cwd: own, env: named })).status).toBe(0);
  await cp(own, copy, { recursive: true });
  expect((await cliJson(['done', 'build'], { cwd: copy, env: named })).status).toBe(4);
});
