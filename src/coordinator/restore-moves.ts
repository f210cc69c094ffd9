import type { Who } from '../domain/seen.ts';
import { taskSubject } from '../domain/subjects.ts';
import type { Task, TaskNote } from '../domain/task.ts';
import { encodeCommit } from '../store/commit-codec.ts';
import type { NewCommit, NewObject, RefUpdate, SwapReport } from '../transport/port.ts';
import { encodeClaim } from './attempt.ts';
import type { Context } from './context.ts';
import type { LostPauses, LostTask } from './look-for-losses.ts';

/** What restoring pushes, and in which portions (protocol 5, "A book that went back"). */

/** What the restoring of one task, of the archive or of the pauses moves. */
export interface Move {
  /** The task's, or that of one of the others. */
  readonly id: string;
  /** Null: it is no task's. */
  readonly loss: LostTask | null;
  readonly updates: readonly RefUpdate[];
  readonly objects: readonly NewObject[];
}

/** As no task is called. */
export const archiveName = 'archive/board';
export const pausesName = 'coord/queue';

export const isApplied = ({ answers }: SwapReport): boolean => [...answers.values()].every((one) => one === 'applied');

export const isRefused = ({ answers }: SwapReport): boolean => [...answers.values()].includes('refused');

/** The task's own refs, the task first: a claim that is there is of a tenure that has ended. */
export function moveOf(context: Context, who: Who, loss: LostTask): Move {
  const { store } = context;
  const { id, there, keptOid, claimThere, restoring } = loss;
  const made = 'task' in restoring ? repairOn(context, who, loss, restoring.task) : null;
  const updates: RefUpdate[] = [{ ref: store.layout.board(id), from: there, to: made?.oid ?? keptOid }];
  const released = claimThere === null || context.profile.deletes ? null : releasedOn(context, loss, claimThere);
  if (claimThere !== null) updates.push({ ref: store.layout.claims(id), from: claimThere, to: released?.oid ?? null });
  return { id, loss, updates, objects: [made, released].filter((one) => one !== null) };
}

/** The very record that was seen: it has no term, and belongs to nobody. */
export const pausesMove = ({ store }: Context, { oid }: LostPauses): Move => ({
  id: pausesName,
  loss: null,
  updates: [{ ref: store.layout.queue, from: null, to: oid }],
  objects: [],
});

/** Where nothing can be deleted. */
function releasedOn(context: Context, { id, kept, keptOid }: LostTask, claimThere: string): NewCommit {
  const free = { v: 1, kind: 'claim', state: 'released', task: id, term: kept.term, nonce: context.nonce() } as const;
  return encodeClaim(context, free, keptOid, claimThere);
}

function repairOn({ store, clock, nonce }: Context, who: Who, loss: LostTask, task: Task): NewCommit {
  const at = clock.wall();
  const note: TaskNote = { v: 1, kind: 'task', op: 'repair', by: who.agent, at, nonce: nonce(), task };
  // what was seen here is in its history too: then whoever has seen the same follows
  const parents = loss.restoring.kind === 'on top' && loss.there !== null ? [loss.there, loss.keptOid] : [loss.keptOid];
  return encodeCommit({
    objectFormat: store.objectFormat,
    parents,
    agent: who.agent,
    dateMs: Date.parse(at),
    subject: taskSubject(note),
    note,
  });
}

/** git push takes longer for each ref the more there are. */
const batchMax = 200;

/** One after the other, until one isn't applied; the format goes with the last. */
export async function sendBatches(context: Context, moves: readonly Move[], format: NewCommit | undefined) {
  const applied: Move[] = [];
  for (let at = 0; ; at += batchMax) {
    const batch = moves.slice(at, at + batchMax);
    const isLast = at + batchMax >= moves.length;
    const report = await sendAll(context, batch, isLast ? format : undefined);
    if (!isApplied(report)) return { applied, failed: batch, report };
    applied.push(...batch);
    if (isLast) return { applied, failed: [], report };
  }
}

async function sendAll(context: Context, moves: readonly Move[], format?: NewCommit): Promise<SwapReport> {
  const { store, profile } = context;
  const tasks = moves.flatMap(({ updates }) => updates);
  const objects = [...moves.flatMap((move) => move.objects), ...(format ? [format] : [])];
  const last = format ? [{ ref: store.layout.format, from: null, to: format.oid }] : [];
  context.pushed();
  if (profile.atomic || last.length === 0 || tasks.length === 0)
    return store.swap([...tasks, ...last], { atomic: profile.atomic, objects });
  const report = await store.swap(tasks, { atomic: false, objects });
  if (!isApplied(report)) return report;
  context.pushed();
  return store.swap(last, { atomic: false, objects });
}

/** Each by itself. What lost a race, or wasn't answered, is in neither list: it is looked at again. */
export async function sendEach(context: Context, moves: readonly Move[]) {
  const applied: Move[] = [];
  const refused: { readonly move: Move; readonly why: string }[] = [];
  for (const move of moves) {
    const report = await sendAll(context, [move]);
    if (isApplied(report)) applied.push(move);
    else if (isRefused(report)) refused.push({ move, why: report.message });
  }
  return { applied, refused };
}
