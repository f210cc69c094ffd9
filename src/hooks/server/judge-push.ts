/**
 * Whether a push keeps the protocol (4, 8): asked once for all refs of a transaction, with their locks held, and before that
 * once for all refs of a push, for the words that git tells the client.
 *
 *   no objections   it may. `whole`: that follows from the named values alone, whatever other refs show
 *   objections      nothing of it may
 */
import { judgeArchive, judgeFormat } from './judge-book.ts';
import { judgeBranch, judgeLandings } from './judge-branches.ts';
import { judgeTasks } from './judge-tasks.ts';
import { type Moves, type RefMove, sortMoves } from './ref-lines.ts';
import type { ServerGit } from './server-git.ts';
import { type Objection, Trial } from './trial.ts';

export interface Judgement {
  readonly objections: readonly Objection[];
  readonly whole: boolean;
}

export interface PushQuestion {
  readonly git: ServerGit;
  readonly prefix: string;
  readonly moves: readonly RefMove[];
  /** Those of the refs that move only by landing. */
  readonly isProtected: (ref: string) => boolean;
  /** In `pre-receive`: the old values are what the client says. */
  readonly unlocked: boolean;
}

export async function judgePush(question: PushQuestion): Promise<Judgement> {
  const { git, prefix, unlocked } = question;
  const said = sortMoves(question.moves, prefix);
  const ids = [...new Set([...said.board.keys(), ...said.claims.keys()])];
  const taskRefs = ids.flatMap((id) => [`${prefix}board/${id}`, `${prefix}claims/${id}`]);
  const current = await git.refs([...new Set([...question.moves.map(({ ref }) => ref), ...taskRefs])]);
  const stale = question.moves.filter(({ ref, from }) => from !== (current.get(ref) ?? null));
  if (unlocked && stale.length > 0) return judgeStale(question, stale, said);
  // without locks to say otherwise an absent old value also means "whatever is there"
  const actual = (move: RefMove): RefMove => ({ ...move, from: move.from ?? current.get(move.ref) ?? null });
  const moves = sortMoves(
    question.moves.map(actual).filter(({ from, to }) => from !== to),
    prefix,
  );
  const trial = new Trial(git, prefix, moves, current);
  await judge(trial, ids, question.isProtected);
  return trial;
}

async function judge(trial: Trial, ids: readonly string[], isProtected: (ref: string) => boolean): Promise<void> {
  const { misnamed, others } = trial.moves;
  for (const { ref } of misnamed) trial.object(ref, 'no task can be named so');
  const archived = await judgeArchive(trial);
  await judgeFormat(trial);
  const tasks = await judgeTasks(trial, ids, archived);
  await judgeLandings(trial, tasks);
  const landings = tasks.flatMap((task) => task.landings);
  for (const move of others) if (isProtected(move.ref)) await judgeBranch(trial, move, landings);
}

/**
 * Somebody was faster, and git will say so. But git deletes without comparing where it doesn't know the old value (trap 35):
 * that is nobody's lost race.
 */
async function judgeStale(
  { git, isProtected }: PushQuestion,
  stale: readonly RefMove[],
  said: Moves,
): Promise<Judgement> {
  const guarded = new Set([...said.board.values(), ...said.claims.values(), said.archive, said.format]);
  const deletions = stale.filter((move) => move.to === null && move.from !== null);
  const known = await git.commits(deletions.flatMap(({ from }) => (from === null ? [] : [from])));
  const objections = deletions.flatMap((move) => {
    const commit = known.get(move.from ?? '');
    const isUnknown = commit !== undefined && 'unreadable' in commit && commit.unreadable === 'missing';
    const matters = guarded.has(move) || isProtected(move.ref);
    return isUnknown && matters ? [{ ref: move.ref, why: 'its deletion names an old value that is not here' }] : [];
  });
  return { objections, whole: false };
}
