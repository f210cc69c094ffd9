import { judgeTask as judgeChange, type TaskChange, type TaskJudgement } from '../../domain/guard-task.ts';
import { leaseAt, objectToCommit, readLog, taskAt } from './read-task.ts';
import type { RecordCommit } from './server-git.ts';
import type { Trial } from './trial.ts';

/** What a push does with tasks and their claims. */

export async function judgeTasks(trial: Trial, ids: readonly string[], archived: boolean): Promise<TaskJudgement[]> {
  const { prefix, git } = trial;
  const { board, claims } = trial.moves;
  const values = ids.flatMap((id) => [board.get(id), claims.get(id)]).flatMap((move) => [move?.from, move?.to]);
  const shown = ids.flatMap((id) => [trial.at(`${prefix}board/${id}`), trial.at(`${prefix}claims/${id}`)]);
  const commits = await git.commits([...values, ...shown].filter((oid): oid is string => typeof oid === 'string'));
  const judged: TaskJudgement[] = [];
  for (const id of ids) judged.push(await judgeTask(trial, id, archived, commits));
  return judged;
}

async function judgeTask(
  trial: Trial,
  id: string,
  archived: boolean,
  commits: ReadonlyMap<string, RecordCommit>,
): Promise<TaskJudgement> {
  const { prefix, git } = trial;
  const [board, claim] = [trial.moves.board.get(id), trial.moves.claims.get(id)];
  const [boardRef, claimRef] = [`${prefix}board/${id}`, `${prefix}claims/${id}`];
  const nothing = { objection: null, landings: [], required: [], undone: [] };
  if (board === undefined && claim === undefined) return nothing;
  const heavy = claim?.to == null ? null : objectToCommit(claim.to, commits);
  if (heavy !== null) trial.object(claimRef, heavy);
  const log =
    board === undefined
      ? { steps: [], before: taskAt(id, trial.at(boardRef), commits), hasPast: false }
      : await readLog(git, id, board, commits);
  if ('objection' in log) {
    trial.object(boardRef, log.objection);
    return nothing;
  }
  if (claim === undefined ? endsTenure(log) : board === undefined) trial.looksFurther();
  const at = trial.at(claimRef);
  const judgement = judgeChange({
    id,
    ...log,
    deleted: board !== undefined && board.to === null,
    lease: {
      before: leaseAt(id, claim ? claim.from : at, commits),
      after: leaseAt(id, claim ? claim.to : at, commits),
    },
    bookBegins: trial.moves.format?.from === null && trial.moves.format.to !== null,
    archived,
  });
  if (judgement.objection !== null) trial.object(board ? boardRef : claimRef, judgement.objection);
  return judgement;
}

/** Then what the claim ref shows counts as well. */
const endsTenure = ({ before, steps }: Pick<TaskChange, 'before' | 'steps'>): boolean =>
  before?.holder != null && steps.at(-1)?.task.holder?.tenure !== before.holder.tenure;
