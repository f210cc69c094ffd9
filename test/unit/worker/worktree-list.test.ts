import { expect, test } from 'vitest';
import { parseWorktrees } from '../../../src/worker/worktree-list.ts';

test('the main one, one with a line break in its name, a locked, a detached and a lost one', () => {
  const listed = [
    ['worktree /p', 'HEAD a1', 'branch refs/heads/main'],
    ['worktree /p.worktrees/a\nb', 'HEAD a1', 'branch refs/heads/task/x', 'locked by hand'],
    ['worktree /p.worktrees/2', 'HEAD a1', 'detached'],
    ['worktree /gone', 'HEAD a1', 'branch refs/heads/task/y', 'prunable gitdir file points to non-existent location'],
  ];
  const text = listed.map((lines) => `${lines.join('\0')}\0\0`).join('');
  const plain = { head: 'a1', branch: null, bare: false, locked: false, gone: false };
  expect(parseWorktrees(text)).toEqual([
    { ...plain, dir: '/p', branch: 'refs/heads/main' },
    { ...plain, dir: '/p.worktrees/a\nb', branch: 'refs/heads/task/x', locked: true },
    { ...plain, dir: '/p.worktrees/2' },
    { ...plain, dir: '/gone', branch: 'refs/heads/task/y', gone: true },
  ]);
  expect(parseWorktrees('worktree /bare\0bare\0\0')).toEqual([{ ...plain, dir: '/bare', head: null, bare: true }]);
});
