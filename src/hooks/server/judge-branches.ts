import { isLanding, objectToMerge } from '../../domain/guard-branch.ts';
import type { Landing, TaskJudgement } from '../../domain/guard-task.ts';
import { taskAt } from './read-task.ts';
import type { RefMove } from './ref-lines.ts';
import type { Trial } from './trial.ts';

/** What a push does with branches, by what its tasks say. */

/** More at once are no merge of reviewed work: they could not be looked through while everybody waits. */
const mergedMax = 50_000;

/** What a task says of a landing must be so when the transaction is through. */
export async function judgeLandings(trial: Trial, tasks: readonly TaskJudgement[]): Promise<void> {
  const { git } = trial;
  for (const landed of tasks.flatMap(({ required }) => required))
    if (!trial.moves.others.some((move) => isLanding(move, [landed])))
      trial.object(landed.ref, `a task says that it lands here, but this transaction does not move it so`);
  for (const { ref, commit } of tasks.flatMap(({ undone }) => undone)) {
    trial.looksFurther();
    const tip = trial.moves.others.find((move) => move.ref === ref)?.to ?? (await git.refs([ref])).get(ref);
    if (tip && (await git.isAncestor(commit, tip)))
      trial.object(ref, 'a task says that its landing was lost, but it is here');
  }
}

export async function judgeBranch(trial: Trial, move: RefMove, landings: readonly Landing[]): Promise<void> {
  const { ref, from, to } = move;
  const { git } = trial;
  if (to === null) return trial.object(ref, 'a protected branch is not deleted');
  if (from === null) return;
  const descends = await git.isAncestor(from, to);
  if (isLanding(move, landings)) {
    if (!descends) trial.object(ref, 'the landing would lose commits of it');
    return;
  }
  trial.looksFurther();
  const facts = descends ? await mergeFacts(trial, ref, from, to) : null;
  const isCut = facts !== null && facts.fresh.length === mergedMax;
  const why = isCut ? `more than ${mergedMax} commits can't be looked through` : objectToMerge(facts);
  if (why !== null) trial.object(ref, why);
}

async function mergeFacts(trial: Trial, ref: string, from: string, to: string) {
  const { git, prefix } = trial;
  const fresh = await git.between([to], [from], mergedMax);
  const tips = [...(await git.refsBelow(`${prefix}board/`))];
  const commits = await git.commits(tips.map(([, oid]) => oid));
  const reviewed = tips.flatMap(([name, oid]) => {
    const task = taskAt(name.slice(`${prefix}board/`.length), oid, commits);
    const ends = task?.state === 'review' || task?.state === 'done';
    return ends && task.review?.target === ref ? [task.review.commit] : [];
  });
  // what was reviewed need not have been pushed, and whoever wrote the record may have named anything
  const known = await git.present(reviewed);
  return { fresh, unreviewed: await git.between([to], [from, ...known], mergedMax) };
}
