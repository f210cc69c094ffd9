import type { RecordedWork } from '../coordinator/recorded-work.ts';
import { isId } from '../domain/ids.ts';
import { CoordError } from '../errors.ts';
import type { CloneGit } from './clone-git.ts';

/**
 * Whether the commits of a range are what the tasks say that they name (protocol 11): the check for a CI job.
 *
 *   valid     reachable from a commit that the task recorded when it was sent to review or landed
 *   not       the trailer alone says so
 *   (null)    it names no task: nothing is claimed, nothing is checked
 */
export interface VerifiedCommit {
  readonly commit: string;
  readonly task: string | null;
  readonly valid: boolean | null;
  readonly why: string;
}

interface Named {
  readonly commit: string;
  /** None, or each that a trailer names. */
  readonly tasks: readonly string[];
}

export interface VerifyRequest {
  readonly git: CloneGit;
  /** `A..B`, or one commit. */
  readonly range: string;
  readonly recorded: (ids: readonly string[]) => Promise<ReadonlyMap<string, RecordedWork>>;
}

/** Oldest first; a commit that names several tasks is there once for each. @throws CoordError `usage` (no such range), `unavailable` */
export async function verifyRange({ git, range, recorded }: VerifyRequest): Promise<VerifiedCommit[]> {
  const commits = await commitsOf(git, range);
  const ids = [...new Set(commits.flatMap(({ tasks }) => tasks))];
  const works = ids.length === 0 ? new Map<string, RecordedWork>() : await recorded(ids);
  const known = await commitsHere(
    git,
    [...works.values()].flatMap((work) => work.commits),
  );
  const reached = new Map<string, ReadonlySet<string>>();
  for (const [id, work] of works) {
    const named = commits.filter(({ tasks }) => tasks.includes(id)).map(({ commit }) => commit);
    reached.set(
      id,
      await reachable(
        git,
        named,
        work.commits.filter((oid) => known.has(oid)),
      ),
    );
  }
  return commits.flatMap(({ commit, tasks }): VerifiedCommit[] => {
    if (tasks.length === 0) return [{ commit, task: null, valid: null, why: 'it names no task' }];
    return tasks.map((task) => {
      const work = works.get(task) ?? { state: 'absent', commits: [] };
      const valid = reached.get(task)?.has(commit) === true;
      return { commit, task, valid, why: valid ? `${task} is ${inWords[work.state]}` : whyNot(task, work, known) };
    });
  });
}

const inWords: Readonly<Record<RecordedWork['state'], string>> = {
  open: 'open',
  claimed: 'claimed',
  review: 'in review',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  absent: 'unknown',
  unreadable: 'unreadable',
};

function whyNot(task: string, { state, commits }: RecordedWork, known: ReadonlySet<string>): string {
  if (state === 'absent') return `there is no task ${task}`;
  if (commits.length === 0) return `${task} is ${inWords[state]}, and records no work`;
  const shown = commits.map((oid) => oid.slice(0, 12)).join(' and ');
  if (!commits.some((oid) => known.has(oid))) return `${task} recorded ${shown}, which this clone does not have`;
  return `${task} recorded ${shown}, which does not reach it`;
}

/** What was typed could be an option as well: past the first look git is given full names alone. */
async function commitsOf(git: CloneGit, range: string): Promise<Named[]> {
  const isRange = range.includes('..');
  const parsed = await git.try([
    'rev-parse',
    '--quiet',
    ...(isRange ? [] : ['--verify']),
    '--end-of-options',
    isRange ? range : `${range}^{commit}`,
  ]);
  const revisions = parsed.stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => /^\^?[0-9a-f]{40,64}$/.test(line));
  if (parsed.status !== 0 || revisions.length === 0)
    throw new CoordError('usage', `${range} names no commits of this clone`, {
      hint: 'A range is <from>..<to>, as origin/main..HEAD; a commit by itself is looked at alone. A CI job may have to fetch more.',
      next: ['git fetch --unshallow', 'git coord land --verify origin/main..HEAD'],
    });
  const format = '--format=%H%x1f%(trailers:key=Task,valueonly,unfold,separator=%x1f)';
  const args = [
    'log',
    '-z',
    '--reverse',
    '--no-show-signature',
    format,
    ...(isRange ? [] : ['--no-walk']),
    ...revisions,
    '--',
  ];
  const { status, stdout, stderr } = await git.try(args);
  if (status !== 0) throw new CoordError('unavailable', `git log: ${stderr.trim()}`);
  const entries = stdout
    .toString('utf8')
    .split('\0')
    .filter((entry) => entry !== '');
  return entries.map((entry) => {
    const [commit = '', ...values] = entry.split('\x1f');
    return {
      commit: commit.trim(),
      tasks: [...new Set(values.map((value) => value.trim().toLowerCase()).filter(isId))],
    };
  });
}

async function commitsHere(git: CloneGit, oids: readonly string[]): Promise<ReadonlySet<string>> {
  if (oids.length === 0) return new Set();
  const text = await git.text(['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
    input: `${oids.join('\n')}\n`,
  });
  const lines = text.split('\n');
  return new Set(oids.filter((oid) => lines.includes(`${oid} commit`)));
}

async function reachable(
  git: CloneGit,
  commits: readonly string[],
  from: readonly string[],
): Promise<ReadonlySet<string>> {
  if (from.length === 0) return new Set();
  const input = [...commits, ...from.map((oid) => `^${oid}`)].join('\n');
  const left = new Set((await git.text(['rev-list', '--stdin'], { input: `${input}\n` })).split('\n'));
  return new Set(commits.filter((commit) => !left.has(commit)));
}
