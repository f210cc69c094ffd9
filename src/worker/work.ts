import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CoordError } from '../errors.ts';
import { branchName, tipOf } from './branch-tips.ts';
import { type CloneGit, firstWords } from './clone-git.ts';
import { filesInTheWay } from './in-the-way.ts';
import { isAncestor } from './replay.ts';

/** What is to land. */
export interface Work {
  readonly commit: string;
  /** The worktree has it checked out, and follows. */
  readonly isHead: boolean;
  /** The branch that is checked out there; empty: none. */
  readonly branch: string;
  /** Files in the worktree with changes that are not committed, and those that git neither knows nor ignores. */
  readonly changed: readonly string[];
  readonly untracked: readonly string[];
}

export interface WorkRequest {
  readonly git: CloneGit;
  /** The git folder of this worktree. */
  readonly gitDir: string;
  readonly task: string;
  /** A commit that was named; else HEAD, if that is where the task's work is. */
  readonly from: string | undefined;
  /** The name of a task's branch, with `{id}` in it. */
  readonly branchPattern: string;
}

/** @throws CoordError `usage` (no such commit), `not-ready` when HEAD isn't where the task's work is, or not finished */
export async function workOf(request: WorkRequest): Promise<Work> {
  const { git, from } = request;
  const { commit: head, branch: current, changed, untracked } = await lookAt(git, 'normal');
  if (from === undefined) {
    if (head === null) throw new CoordError('not-ready', 'nothing is committed here', { next: ['git commit'] });
    mustBeThrough(request);
    await mustBeTheTasks(request, head, current);
    return { commit: head, isHead: true, branch: current, changed, untracked };
  }
  const named = await git.try(['rev-parse', '--verify', '--quiet', '--end-of-options', `${from}^{commit}`]);
  if (named.status !== 0)
    throw new CoordError('usage', `${from} is no commit of this clone`, { next: ['git log --oneline --all'] });
  const commit = named.stdout.toString('utf8').trim();
  if (commit === head) mustBeThrough(request);
  return { commit, isHead: commit === head, branch: current, changed, untracked };
}

const unfinished = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
] as const;

/** What git is in the middle of in a worktree. */
export function unfinishedIn(gitDir: string): string | undefined {
  return unfinished.find(([name]) => existsSync(join(gitDir, name)))?.[1];
}

/** In the middle of a rebase HEAD is a part of the work. */
function mustBeThrough({ gitDir, task }: WorkRequest): void {
  const what = unfinishedIn(gitDir);
  if (what === undefined) return;
  throw new CoordError('not-ready', `a ${what} is under way in this worktree, so HEAD is not the whole work`, {
    hint: 'The claim is kept. Finish it, then land.',
    next: ['git status', `git ${what} --continue`, `git coord land ${task}`],
  });
}

async function mustBeTheTasks({ git, task, branchPattern }: WorkRequest, head: string, current: string): Promise<void> {
  const own = branchPattern.replace('{id}', task);
  if (current === own) return;
  const [before = '', after = ''] = branchPattern.split('{id}');
  const isAnothers = current.startsWith(before) && current.endsWith(after) && before + after !== '';
  const tip = await tipOf(git, `refs/heads/${own}`);
  const isElsewhere = tip !== null && !(await isAncestor(git, tip, head));
  if (!isAnothers && !isElsewhere) return;
  const where = tip === null ? `${own} doesn't exist` : `its work is on ${own}`;
  throw new CoordError(
    'not-ready',
    `${current || 'a commit without a branch'} is checked out, and for ${task} ${where}`,
    {
      hint: 'The claim is kept. Check its branch out, or say with --from what is to land.',
      next: tip === null ? [`git coord land ${task} --from HEAD`] : [`git coord land ${task} --from ${own}`],
    },
  );
}

interface Worktree {
  /** Null: nothing is committed. */
  readonly commit: string | null;
  /** Empty: HEAD is detached. */
  readonly branch: string;
  /** Files with changes that are not committed. */
  readonly changed: readonly string[];
  /** Files that git neither knows nor ignores; a folder of such files by its own name. */
  readonly untracked: readonly string[];
}

/** Words before the name, by the kind of entry. */
const nameAfter: Readonly<Record<string, number>> = { '1': 8, '2': 9, u: 10 };

/** What is checked out, in one look. @throws CoordError `unavailable` */
async function lookAt(git: CloneGit, untracked: 'normal' | 'no' = 'no'): Promise<Worktree> {
  const args = [
    'status',
    '--porcelain=v2',
    '--branch',
    '--no-ahead-behind',
    '--no-renames',
    `--untracked-files=${untracked}`,
    '-z',
  ];
  const lines = (await git.text(args)).split('\0');
  const header = (name: string) => lines.find((line) => line.startsWith(`# ${name} `))?.slice(name.length + 3) ?? '';
  const [oid, branch] = [header('branch.oid'), header('branch.head')];
  return {
    commit: oid === '(initial)' ? null : oid,
    branch: branch === '(detached)' ? '' : branch,
    changed: lines.flatMap((line) => {
      const skipped = nameAfter[line.split(' ', 1)[0] ?? ''];
      return skipped === undefined ? [] : line.split(' ').slice(skipped).join(' ');
    }),
    untracked: lines.filter((line) => line.startsWith('? ')).map((line) => line.slice(2)),
  };
}

/**
 * Has the worktree follow from one commit to another. Somebody may have committed there meanwhile, or checked something else
 * out: then it is left as it is. @throws CoordError `not-ready`
 */
export async function follow(git: CloneGit, branch: string, from: string, to: string): Promise<void> {
  const [commit, ref = ''] = (await git.text(['rev-parse', 'HEAD', '--symbolic-full-name', 'HEAD'])).split('\n');
  if (commit !== from || (ref === 'HEAD' ? '' : branchName(ref)) !== branch) throw moved(branch);
  const [lost] = await filesInTheWay(git, git.dir, from, to);
  if (lost !== undefined) throw cannotFollow(`${lost} would be overwritten, and is in no commit`);
  const move = () => git.try(['read-tree', '-m', '-u', from, to]);
  let moves = await move();
  if (moves.status !== 0) {
    // a build that wrote a file again, with what was in it, changed no more than its date
    await git.try(['update-index', '-q', '--refresh']);
    moves = await move();
  }
  if (moves.status !== 0) throw cannotFollow(firstWords(moves.stderr));
  const { status } = await git.try(['update-ref', '-m', 'git coord land', 'HEAD', to, from]);
  if (status === 0) return;
  await git.try(['read-tree', '-m', '-u', to, from]);
  throw moved(branch);
}

const cannotFollow = (why: string): CoordError =>
  new CoordError('not-ready', `the worktree can't follow: ${why}`, {
    hint: 'The claim is kept, nothing was pushed.',
    next: ['git status'],
  });

const moved = (branch: string): CoordError =>
  new CoordError('not-ready', `${branch || 'HEAD'} moved while its work was landed`, {
    hint: 'The claim is kept, nothing was pushed. Land again what is there now.',
    next: ['git log --oneline -3', 'git status'],
  });

/** @throws CoordError `not-ready` */
export async function mustBeClean(git: CloneGit, looked?: readonly string[]): Promise<void> {
  const changed = looked ?? (await lookAt(git)).changed;
  if (changed.length === 0) return;
  throw new CoordError(
    'not-ready',
    `the worktree has changes that are not committed: ${changed.slice(0, 3).join(', ')}`,
    {
      hint: 'What lands is a commit. Commit them, or put them aside; then land again.',
      next: ['git status', 'git commit -a', 'git stash'],
    },
  );
}
