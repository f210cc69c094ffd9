import type { Stamp } from '../domain/decision.ts';
import { circleThrough, mayBeCircular } from '../domain/needs.ts';
import type { Seen, Who } from '../domain/seen.ts';
import type { TaskNote } from '../domain/task.ts';
import { decideImport, type ImportedTask } from '../domain/task-record.ts';
import { CoordError } from '../errors.ts';
import type { BookRead } from '../store/record-store.ts';
import type { NewCommit, RefUpdate } from '../transport/port.ts';
import { encodeTask } from './attempt.ts';
import { type Context, decisionsMax, settleMs } from './context.ts';
import { findArchived } from './find-archived.ts';
import { seenOf } from './read-seen.ts';
import { refusalError } from './refusal-error.ts';

export interface SubmitRequest {
  readonly tasks: readonly ImportedTask[];
  /** Where a task was written, for people. */
  readonly placeOf: (task: number) => string;
  /** They may need what nobody knows, as tasks that are added one by one may. */
  readonly mayNeedUnknown?: boolean | undefined;
  /** Decides, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  readonly command: string;
}

export interface Submitted {
  /** The tasks that were made; those that were there already, with the same content, are not among them. */
  readonly created: readonly string[];
}

/**
 * Adds many tasks in one atomic push: all of them are there, or none.
 *
 *   created    each ref must not exist; a repeat finds the same content there, and makes what is missing
 *   exists     one of the ids is taken by other content: nothing is written
 *   refused    the host says no, in its own words: nothing is written
 *   unknown    the connection broke; the same command, run again, settles it: what is there isn't made twice
 *
 * @throws CoordError `exists`, `usage` (unknown needs, circles), `not-ready` (no atomic pushes), `unavailable`, `unknown`
 */
export async function submitTasks(context: Context, who: Who, request: SubmitRequest): Promise<Submitted> {
  if (!context.profile.atomic)
    throw new CoordError('not-ready', 'the remote takes no atomic pushes, so half of the tasks could be made', {
      next: ['git coord add "…"', 'git coord doctor'],
    });
  const { layout } = context.store;
  const untilMs = context.clock.monoMs() + settleMs;
  const sent: RefUpdate[] = [];
  let words = '';
  let maybeSent = false;
  for (let tries = 0; tries < decisionsMax; tries++) {
    const read = await context.store.read([layout.all('board')]);
    const seenIn = await seenAlsoArchived(context, read, request);
    const fresh = missingTasks(context, who, seenIn, request);
    mustBeSound(seenIn, request);
    if (fresh.length === 0) return { created: await oursOf(context, read, sent) };
    const ids = fresh.map(({ note }) => note.task.id);
    const commits = encoded(context, fresh, request);
    if (request.dryRun) return { created: ids };
    const updates = fresh.map(({ note }, index) => ({
      ref: layout.board(note.task.id),
      from: null,
      to: commits[index]?.oid ?? null,
    }));
    context.pushed();
    const report = await context.store.swap(updates, { atomic: true, objects: commits });
    const answers = new Set(report.answers.values());
    sent.push(...updates);
    if (answers.size === 1 && answers.has('applied') && context.profile.trusted) return { created: ids };
    words = report.message;
    maybeSent ||= answers.has('unknown') || answers.has('applied');
    if (answers.has('refused') || context.clock.monoMs() > untilMs) break;
    await context.clock.sleep(50 * (tries + 1) * (0.5 + context.random()));
  }
  if (maybeSent)
    throw new CoordError('unknown', `the tasks may or may not have been made${words ? ` (${words})` : ''}`, {
      hint: 'The same command, run again, settles it; nothing is made twice.',
      next: [request.command],
    });
  throw new CoordError('unavailable', `nothing was written: ${words || 'the remote refused'}`);
}

type SeenIn = (id: string) => Seen;

/** What was archived since is as good as on the board: it isn't made again, and may be needed. */
async function seenAlsoArchived(context: Context, read: BookRead, { tasks }: SubmitRequest): Promise<SeenIn> {
  const onBoard = (id: string) => seenOf(context, read, id);
  const named = new Set(tasks.flatMap(({ id, needs }) => [id, ...needs]));
  const archived = await findArchived(
    context,
    [...named].filter((id) => onBoard(id).task.kind === 'absent'),
  );
  return (id) => {
    const task = archived.get(id);
    return task === undefined ? onBoard(id) : { ...onBoard(id), task };
  };
}

/** Of what is there: the tasks whose log begins with a commit of ours. */
async function oursOf(context: Context, read: BookRead, sent: readonly RefUpdate[]): Promise<string[]> {
  const ours = new Set<string>();
  for (const { ref, to } of sent) {
    const record = read.records.get(ref);
    if (record && to !== null && (await context.store.isAncestor(to, record.decoded.oid, stepsMax)))
      ours.add(record.name);
  }
  return [...ours];
}

/** Of a log that went on before the answer was known. */
const stepsMax = 16;

interface Missing {
  readonly note: TaskNote;
  /** Its place among those of the request. */
  readonly task: number;
}

/** @throws CoordError `usage` naming all that couldn't be read again */
function encoded(context: Context, missing: readonly Missing[], { placeOf }: SubmitRequest): NewCommit[] {
  const problems: string[] = [];
  const commits: NewCommit[] = [];
  for (const { note, task } of missing) {
    try {
      commits.push(encodeTask(context, note, null));
    } catch (error) {
      if (!(error instanceof CoordError)) throw error;
      problems.push(`${placeOf(task)}: ${error.message}`);
    }
  }
  if (problems.length > 0) throw wrong(problems);
  return commits;
}

/** What isn't there yet. @throws CoordError `exists` naming what is there with other content */
function missingTasks(context: Context, who: Who, seenIn: SeenIn, { tasks, placeOf }: SubmitRequest): Missing[] {
  const missing: Missing[] = [];
  for (const [index, input] of tasks.entries()) {
    const seen = seenIn(input.id);
    // equal priorities go by creation: in the order in which they were written
    const at = new Date(Date.parse(context.clock.wall()) + index).toISOString();
    const stamp = { by: who.agent, at, nonce: context.nonce() };
    const decision = decideImport(seen, input, stamp);
    if (decision.kind === 'refused') {
      const error = refusalError(input.id, decision.refusal);
      throw new CoordError(error.code, `${placeOf(index)}: ${error.message}`, {
        hint: 'Nothing was written.',
        next: error.next,
      });
    }
    if (decision.kind === 'write') missing.push({ note: noteOf(decision, stamp), task: index });
  }
  return missing;
}

const noteOf = ({ op, task }: Pick<TaskNote, 'op' | 'task'>, stamp: Stamp): TaskNote => ({
  v: 1,
  kind: 'task',
  op,
  ...stamp,
  task,
});

/** @throws CoordError `usage` for needs that nobody knows, and for circles, through tasks that are there as well */
function mustBeSound(seenIn: SeenIn, { tasks, placeOf, mayNeedUnknown }: SubmitRequest): void {
  const own = new Map(tasks.map((task) => [task.id, task.needs]));
  const needsOf = (id: string): readonly string[] | undefined => {
    const needs = own.get(id);
    if (needs !== undefined) return needs;
    const { task } = seenIn(id);
    return task.kind === 'task' ? task.note.task.needs : undefined;
  };
  const ids = tasks.map(({ id }) => id);
  const circular = new Set(mayBeCircular(ids, needsOf));
  const problems = tasks.flatMap(({ id, needs }, index) => {
    const unknown = mayNeedUnknown ? [] : needs.filter((need) => needsOf(need) === undefined);
    if (unknown.length > 0) return [`${placeOf(index)}: ${id} needs ${unknown.join(', ')}, which nobody knows`];
    const way = circular.has(id) ? circleThrough(id, needs, needsOf) : null;
    return way === null ? [] : [`${placeOf(index)}: ${id} would need itself: ${way.join(' needs ')}`];
  });
  if (problems.length > 0) throw wrong(problems);
}

const wrong = (problems: readonly string[]): CoordError =>
  new CoordError('usage', problems.slice(0, 20).join('\n'), { hint: 'Nothing was written.', data: { problems } });
