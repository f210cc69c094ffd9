import { parseNote } from '../../store/commit-codec.ts';
import type { RecordCommit } from './server-git.ts';
import type { Trial } from './trial.ts';

/** What a push does with the refs that a book has once. */

/** Whether all logs that are deleted are in the archive that moves with them. */
export async function judgeArchive(trial: Trial): Promise<boolean> {
  const { archive, board } = trial.moves;
  if (archive === null) return false;
  const { ref, from, to } = archive;
  trial.looksFurther();
  if (to === null) trial.object(ref, 'the archive is never deleted');
  else {
    const { git } = trial;
    if (from !== null && !(await git.isAncestor(from, to))) trial.object(ref, 'the archive only grows');
    const gone = [...board.values()].flatMap((move) => (move.to === null && move.from !== null ? [move.from] : []));
    return gone.length === 0 || (await git.between(gone, [to], 1)).length === 0;
  }
  return false;
}

/** Which book this is stays so (protocol 2). */
export async function judgeFormat(trial: Trial): Promise<void> {
  const { format } = trial.moves;
  if (format === null || format.from === null) return;
  trial.looksFurther();
  if (format.to === null) return trial.object(format.ref, 'the book that it names is here');
  const commits = await trial.git.commits([format.from, format.to]);
  const [before, after] = [bookOf(format.from, commits), bookOf(format.to, commits)];
  if (before === null || before !== after) trial.object(format.ref, 'it would name another book');
}

/** Of any version: a newer one is still the same book. */
function bookOf(oid: string, commits: ReadonlyMap<string, RecordCommit>): string | null {
  const commit = commits.get(oid);
  if (commit === undefined || !('message' in commit)) return null;
  const note = parseNote(commit.message) as { book?: unknown } | null | undefined;
  return typeof note?.book === 'string' ? note.book : null;
}
