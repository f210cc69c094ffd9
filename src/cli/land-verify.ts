import { openReader } from '../app/open-reader.ts';
import { recordedWork } from '../coordinator/recorded-work.ts';
import { CoordError } from '../errors.ts';
import { cloneGit } from '../worker/clone-git.ts';
import { type VerifiedCommit, verifyRange } from '../worker/verify-range.ts';
import type { Answer, Context } from './frame/context.ts';
import type { Parsed } from './frame/parsed.ts';
import { table } from './frame/table.ts';

/** `land --verify <range>`: for a CI job, which need not have joined the book. */
export async function verify(context: Context, parsed: Parsed, range: string): Promise<Answer> {
  if (parsed.positionals.length > 0)
    throw new CoordError('usage', 'land --verify takes a range, and no task', {
      next: ['git coord land --verify origin/main..HEAD'],
    });
  const reader = await openReader({ cwd: context.cwd, env: context.env as NodeJS.ProcessEnv });
  try {
    const { clone, env } = reader.setup;
    const git = cloneGit(clone.topLevel ?? clone.commonDir, env);
    const commits = await verifyRange({ git, range, recorded: (ids) => recordedWork(reader.store, ids) });
    const wrong = commits.filter(({ valid }) => valid === false);
    const text = commits.length === 0 ? 'no commits\n' : tableOf(commits, context);
    if (wrong.length === 0) return { data: { commits }, text };
    const shallow = (await git.text(['rev-parse', '--is-shallow-repository'])) === 'true';
    return { data: { commits }, text, failure: failed(wrong, shallow) };
  } finally {
    await reader.close();
  }
}

function tableOf(commits: readonly VerifiedCommit[], { terminal, style }: Context): string {
  const columns = [{ title: 'VALID' }, { title: 'COMMIT' }, { title: 'TASK' }, { title: 'WHY', flexible: true }];
  const rows = commits.map(({ commit, task, valid, why }) => [
    valid === null ? '-' : valid ? 'yes' : 'no',
    commit.slice(0, 12),
    task ?? '-',
    why,
  ]);
  return table(columns, rows, { columns: terminal.columns, header: style.dim });
}

function failed(wrong: readonly VerifiedCommit[], shallow: boolean): CoordError {
  const [first] = wrong;
  const more = wrong.length > 1 ? ` (and ${wrong.length - 1} more)` : '';
  const why = shallow
    ? 'This clone is shallow, so what reaches what may not be known here.'
    : 'A rebase or squash makes other commits than those that were reviewed: merge them as they are, or land the task.';
  return new CoordError('not-ready', `${first?.commit.slice(0, 12)} is not vouched for: ${first?.why}${more}`, {
    hint: why,
    next: [
      ...(shallow ? ['git fetch --unshallow'] : []),
      `git coord land ${first?.task} --via-branch`,
      `git coord show ${first?.task}`,
    ],
  });
}
