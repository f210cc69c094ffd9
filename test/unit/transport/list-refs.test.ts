import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listStoreRefs, readStoreRefs } from '../../../src/transport/git/list-refs.ts';
import { git, makeScratch, type Scratch } from '../../helpers/repo.ts';

let scratch: Scratch;
let store: string;
const options = () => ({ store, objectFormat: 'sha1' as const, env: process.env, timeoutMs: 30_000 });
const set = (ref: string, text: string) =>
  git(['update-ref', ref, text], { cwd: store }).then(() => git(['rev-parse', ref], { cwd: store }));
const commit = (message: string) => {
  const tree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
  const person = ['-c', 'user.name=a', '-c', 'user.email=a@example.invalid'];
  return git([...person, 'commit-tree', '-m', message, tree], { cwd: store });
};

beforeEach(async () => {
  scratch = await makeScratch();
  store = join(scratch.dir, 'store.git');
  await git(['init', '--quiet', '--bare', store], { cwd: scratch.dir });
  await git(['hash-object', '-t', 'tree', '-w', '/dev/null'], { cwd: store });
});
afterEach(() => scratch.remove());

const names = ['a', 'b', 'c', 'd', 'e/f'].map((name) => `refs/board/${name}`);

/** What both ways of reading say; git's own is the one that is right. */
async function read(asked: readonly string[]) {
  const listed = await listStoreRefs(options(), asked);
  expect(readStoreRefs(options(), asked)).toEqual(listed);
  return [...listed.keys()];
}

test('exact refs are read as git reads them: loose, packed, moved since, deleted, absent', async () => {
  expect(await read(names)).toEqual([]);
  await set('refs/board/a', await commit('1'));
  await set('refs/board/b', await commit('2'));
  await set('refs/board/d', await commit('3'));
  await set('refs/board/e/f', await commit('4'));
  await git(['tag', '-a', '-m', 'peeled in packed-refs', 'tag', 'refs/board/a'], {
    cwd: store,
    env: { ...process.env, GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.invalid' },
  });
  await git(['pack-refs', '--all'], { cwd: store });
  expect((await read(names)).sort()).toEqual(['a', 'b', 'd', 'e/f'].map((name) => `refs/board/${name}`));
  await set('refs/board/b', await commit('5'));
  await set('refs/board/c', await commit('6'));
  await git(['update-ref', '-d', 'refs/board/d'], { cwd: store });
  expect((await read(names)).sort()).toEqual(['a', 'b', 'c', 'e/f'].map((name) => `refs/board/${name}`));
  // the end of a name isn't the name
  expect(readStoreRefs(options(), ['board/a', 'a', 'refs/board'])).toEqual(new Map());
});

test('what git must make sense of is left to it', async () => {
  await set('refs/board/a', await commit('1'));
  await writeFile(join(store, 'refs/board/b'), '');
  expect(readStoreRefs(options(), ['refs/board/a', 'refs/board/b'])).toBeNull();
  await writeFile(join(store, 'refs/board/b'), 'ref: refs/board/a\n');
  expect(readStoreRefs(options(), ['refs/board/b'])).toBeNull();
  await rm(join(store, 'refs/board/b'));
  await mkdir(join(store, 'reftable'));
  expect(readStoreRefs(options(), ['refs/board/a'])).toBeNull();
});
