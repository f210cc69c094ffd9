import { expect, test } from 'vitest';
import { commitFolders } from '../../../../src/hooks/tool/commit-folders.ts';

test.each<[string, string[]]>([
  ['git commit -m x', ['/r']],
  ['git add -A && git commit -qm "a; git push"', ['/r']],
  ['git -c user.name=x -C sub commit', ['/r/sub']],
  ['cd /w/1 && git commit', ['/w/1']],
  ["cd 'a b'; git commit; cd /c; git commit", ['/r/a b', '/c']],
  ['FOO=1 git commit', ['/r']],
  ['(git commit)', ['/r']],
  ['git \\\n commit', ['/r']],
  ['git log --grep commit', []],
  ['echo "git commit"', []],
  ['git commit-tree x', []],
  ['git status\ngit commit', ['/r']],
  ['COORD_BYPASS=1 git commit', []],
  ['git coord claim api && git commit', []],
  ['git-coord start api && git commit', []],
  ['git coord note api commit', []],
  ['', []],
  ["git commit -m 'unclosed", ['/r']],
])('%j commits in %j', (line, folders) => expect(commitFolders(line, '/r')).toEqual(folders));

test('a line as long as a file is looked through at once', () => {
  const started = performance.now();
  commitFolders(`git commit -m "${'\\"'.repeat(200_000)}`, '/r');
  commitFolders(`${"'".repeat(100_001)}git commit`, '/r');
  expect(performance.now() - started).toBeLessThan(2000);
});
