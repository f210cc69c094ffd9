import type { CloneGit } from './clone-git.ts';

/**
 * Which of these commits are not in the history of a commit that this clone has. Only for a clone with the whole history: in
 * any other what isn't here may be there all the same. @throws CoordError `unavailable`
 */
export async function missingCommits(
  git: CloneGit,
  tip: string,
  commits: readonly string[],
): Promise<ReadonlySet<string>> {
  const input = (lines: readonly string[]) => ({ input: `${lines.join('\n')}\n` });
  const types = (await git.text(['cat-file', '--batch-check=%(objecttype)'], input(commits))).split('\n');
  const here = commits.filter((_, index) => types[index] === 'commit');
  const absent = commits.filter((_, index) => types[index] !== 'commit');
  if (here.length === 0) return new Set(absent);
  const outside = new Set((await git.text(['rev-list', '--stdin'], input([...here, `^${tip}`]))).split('\n'));
  return new Set([...absent, ...here.filter((commit) => outside.has(commit))]);
}
