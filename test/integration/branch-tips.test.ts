// Where work begins and lands, in a project that has just begun.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchedTip, localTip } from '../../src/worker/branch-tips.ts';
import { cloneGit } from '../../src/worker/clone-git.ts';
import { errorOf } from '../helpers/book.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let dir: string;
beforeEach(async () => {
  scratch = await makeScratch();
  dir = join(scratch.dir, 'new');
  await git(['init', '--quiet', '--template=', '--initial-branch=main', dir], { cwd: '/' });
  await git(['remote', 'add', 'origin', await makeBareRepo(join(scratch.dir, 'remote.git'))], { cwd: dir });
});
afterEach(() => scratch.remove());

test('without a commit the next thing is to make one; then to push it; a branch of another name is to be named', async () => {
  const clone = cloneGit(dir, process.env);
  const main = 'refs/heads/main';
  const said = async (tip: Promise<string>) => {
    const error = await errorOf(tip);
    return [error?.code, error?.message, ...(error?.next ?? [])];
  };
  const commit = 'git commit --allow-empty -m "Begin"';
  expect(await said(localTip(clone, main))).toEqual([
    'not-found',
    'there is no branch main in this clone: nothing has been committed yet',
    commit,
  ]);
  expect(await said(fetchedTip(clone, 'origin', main, 'a'))).toEqual([
    'not-found',
    'there is no branch main on origin: nothing has been committed yet',
    commit,
  ]);
  await git(['commit', '--quiet', '--allow-empty', '-m', 'Begin'], { cwd: dir });
  expect(await said(fetchedTip(clone, 'origin', main, 'a'))).toEqual([
    'not-found',
    'there is no branch main on origin',
    'git push origin main',
    'git branch -a',
  ]);
  expect(await said(fetchedTip(clone, 'origin', 'refs/heads/trunk', 'a'))).toEqual([
    'not-found',
    'there is no branch trunk on origin',
    'git branch -a',
  ]);
  await git(['push', '--quiet', 'origin', 'main'], { cwd: dir });
  expect(await fetchedTip(clone, 'origin', main, 'a')).toBe(await localTip(clone, main));
});
