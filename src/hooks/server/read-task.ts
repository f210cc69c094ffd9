import { kinds } from '../../coordinator/record-kinds.ts';
import type { ClaimNote, Lease } from '../../domain/claim.ts';
import type { Task, TaskNote } from '../../domain/task.ts';
import { decodeRecord } from '../../store/record-kind.ts';
import type { RefMove } from './ref-lines.ts';
import type { RecordCommit, ServerGit } from './server-git.ts';

/** A task's log and its claim as a push would have them, decoded as every reader decodes them (protocol 3). */

type Commits = ReadonlyMap<string, RecordCommit>;

/** A log of so many new commits is no transition. A book that moves here brings a few at most. */
const stepsMax = 256;

export type Log =
  | { readonly steps: readonly TaskNote[]; readonly before: Task | null; readonly hasPast: boolean }
  | { readonly objection: string };

/** The commits that a log grows by, oldest first. */
export async function readLog(git: ServerGit, id: string, move: RefMove, known: Commits): Promise<Log> {
  const { from, to } = move;
  const before = from === null ? null : noteOf(id, from, known);
  if (typeof before === 'string') return { objection: `the log as it is can't be read: ${before}` };
  if (to === null) return { steps: [], before: before?.task ?? null, hasPast: false };
  const oids = await newCommits(git, from, to, known);
  if (oids === null) return { objection: 'a log only grows: its old tip must be the parent of what is new' };
  const commits = oids.length > 1 ? await git.commits(oids) : known;
  const steps: TaskNote[] = [];
  for (const oid of oids) {
    const note = noteOf(id, oid, commits);
    if (typeof note === 'string') return { objection: note };
    steps.push(note);
  }
  return { steps, before: before?.task ?? null, hasPast: parentsOf(oids[0] ?? '', commits).length > 0 };
}

/** Oldest first; of a new log the last one alone. Null: the old tip isn't in a line below the new one. */
async function newCommits(git: ServerGit, from: string | null, to: string, known: Commits): Promise<string[] | null> {
  const parents = parentsOf(to, known);
  if (from === null || (parents.length === 1 && parents[0] === from)) return [to];
  const found = await git.between([to], [from], stepsMax + 1);
  if (found.length > stepsMax) return null;
  const line = found.reverse();
  const follows = line.every(
    (commit, at) => commit.parents.length === 1 && commit.parents[0] === (line[at - 1]?.oid ?? from),
  );
  return line.length > 0 && follows ? line.map(({ oid }) => oid) : null;
}

function parentsOf(oid: string, commits: Commits): readonly string[] {
  const commit = commits.get(oid);
  return commit !== undefined && 'parents' in commit ? commit.parents : [];
}

/** The note, or why there is none. */
function noteOf(id: string, oid: string, commits: Commits): TaskNote | string {
  const commit = commits.get(oid);
  if (commit !== undefined && 'empty' in commit && !commit.empty) return 'a record has no files';
  const decoded = decodeRecord(kinds.task, oid, commit);
  if (!decoded.ok) return decoded.why;
  return decoded.note.task.id === id ? decoded.note : `its record is of ${decoded.note.task.id}`;
}

export function taskAt(id: string, oid: string | null, commits: Commits): Task | null {
  const note = oid === null ? '' : noteOf(id, oid, commits);
  return typeof note === 'string' ? null : note.task;
}

/** What the claim ref shows. One without a valid note is a claim all the same. */
export function leaseAt(id: string, oid: string | null, commits: Commits): Lease {
  if (oid === null) return { kind: 'free', oid: null };
  const decoded = decodeRecord(kinds.claim, oid, commits.get(oid));
  if (!decoded.ok || decoded.note.task !== id) return { kind: 'unreadable', oid };
  const claim: ClaimNote = decoded.note;
  return claim.state === 'released' ? { kind: 'free', oid } : { kind: 'held', oid, claim };
}

/** What no claim may be, whoever's it is; null: it may. */
export function objectToCommit(oid: string, commits: Commits): string | null {
  const commit = commits.get(oid);
  if (commit === undefined || !('unreadable' in commit)) return null;
  return commit.unreadable === 'oversized' ? 'its note is larger than 256 KiB' : 'a claim is a commit';
}
