/**
 * Landing (protocol 4, "land"): the target branch, the task and the claim move in one atomic push, each guarded by its old
 * value. So the work is on the target if and only if the claim was still held when it got there.
 *
 *   landed         the task is done, the branch has the commit
 *   target moved   the push was refused as a whole: made anew on the target as it is now, a bounded number of times
 *   nothing        the target has the work already: there is nothing to fence (an unchanged ref guards nothing, trap 2)
 *   conflict       the work doesn't merge: the claim is kept
 *   gate failed    the result doesn't pass the project's checks: the claim is kept
 *   refused        the tenure is over: the work stays on its branch, nothing reached the remote
 */
import type { Who } from '../domain/seen.ts';
import type { Json, Task } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import type { EndedEntry } from '../store/json-ledger.ts';
import type { Context } from './context.ts';
import { endTenure, goesOn, holdOn } from './finish-task.ts';
import type { LandingCode } from './landing-code.ts';
import { type PairRead, readPair } from './read-seen.ts';
import { refusalError } from './refusal-error.ts';
import { repairLanding } from './repair-landing.ts';
import { showTask } from './show-task.ts';
import { whileActive } from './stay-active.ts';
import type { Outcome } from './transition.ts';

export interface LandRequest {
  /** Looked for while it is found out whose the task is; what is wrong with it is said after that. */
  readonly code: () => Promise<LandingCode>;
  readonly attemptsMax: number;
  readonly result: Json;
  readonly command: string;
  /** What is going on, for people. */
  readonly onStep: (text: string) => void;
  /** One at a time of those of a process, where it has several: they all move one branch, and would only be in each other's way. */
  readonly inTurn?: InTurn;
}

export type InTurn = <T>(action: () => Promise<T>) => Promise<T>;

export interface LandResult {
  readonly task: TaskView;
  readonly landed: NonNullable<Task['landed']>;
  /** Pushes that were tried. */
  readonly attempts: number;
}

export interface LandSurroundings {
  /** The book as the daemon saw it a moment ago; null: it must be asked for. */
  readonly recent: () => Promise<Context | null>;
  /** The tenure is over: for whoever kept it alive, while the clone is brought up to date. */
  readonly onEnded: () => Promise<void>;
}

/** @throws CoordError `lost`, `held`, `conflict`, `gate-failed`, `not-ready` (nothing to land), `not-found`, `unavailable`, `unknown` */
export async function landTask(
  context: Context,
  who: Who,
  id: string,
  request: LandRequest,
  { recent, onEnded }: LandSurroundings,
): Promise<LandResult> {
  const coming = request.code();
  coming.catch(() => {});
  const before = endedAs(context, who, id, 'done') ? await showTask(context, who, id) : null;
  const held = before?.state === 'done' ? undefined : await isOurs(context, who, id, request, coming, await recent());
  const heldMs = context.clock.monoMs();
  if (before?.state === 'done') return { ...(await landedBefore(context, who, before, coming)), attempts: 0 };
  const code = await coming;
  refuseUnfenced(context, code.target);
  const message = await mergeMessage(context, who, id, held);
  // a read that is older has most likely been overtaken by a beat, and would only cost a push; the daemon's own beats it knows
  const first = async () => {
    if (held?.kind === 'unchanged' && context.clock.monoMs() - heldMs < firstMsMax) return held;
    const seen = await recent();
    return seen === null ? undefined : readPair(seen, id);
  };
  const push = () => pushUntilIn(context, who, id, request, { code, message, first });
  const { ended, landed, attempts } = await (request.inTurn ? request.inTurn(push) : push());
  const [left] = await Promise.all([code.arrived(landed.from, landed.commit), context.mirror.hide(id), onEnded()]);
  if (left !== null) request.onStep(`${id} has landed; ${left}`);
  if (ended.kind === 'won' && ended.bySight) await repairLanding(context, who, id, landed, code);
  return { task: await showTask(context, who, id, ended), landed, attempts };
}

/**
 * Asked for before checks are run for it. Where there are none, what the daemon saw a moment ago will do: the push proves it.
 * @throws CoordError `lost`, `held`, `not-ready`, `not-found`, `unavailable`, `unknown`
 */
async function isOurs(
  context: Context,
  who: Who,
  id: string,
  { command }: LandRequest,
  coming: Promise<LandingCode>,
  recent: Context | null,
): Promise<Outcome> {
  const pair = recent && (await readPair(recent, id));
  const sooner = pair && goesOn(context, who, id, pair) && !(await coming).isChecked;
  return sooner ? { kind: 'unchanged', ...pair, via: undefined } : holdOn(context, who, id, command);
}

interface Ready {
  readonly code: LandingCode;
  /** Of a merge. */
  readonly message: string;
  /** A read of the task for the push to go by; undefined: it is to be asked for. */
  readonly first: () => Promise<PairRead | undefined>;
}

/** Makes the work anew on the target for as long as that moves, a bounded number of times. */
async function pushUntilIn(
  context: Context,
  who: Who,
  id: string,
  { attemptsMax, command, onStep, result, inTurn }: LandRequest,
  { code, message, first }: Ready,
) {
  const name = nameOf(code.target);
  for (let attempts = 1; attempts <= attemptsMax; attempts++) {
    const from = await code.targetTip();
    const { commit, how } = await readyOn(code, id, from, message);
    const move = { ref: code.target, from, to: commit };
    if (code.objects) context.store.lend(move, code.objects);
    if (code.isChecked) await code.checkOut(commit);
    if (how !== 'as it is' || attempts > 1)
      onStep(`${id}: ${how} onto ${short(from)}${attempts > 1 ? `, try ${attempts} of ${attemptsMax}` : ''}`);
    if (code.isChecked) await whileActive(context, id, () => code.check(from, commit));
    const landed = { ref: code.target, from, commit };
    const branch = { ...move, ...(code.objects && { objects: code.objects }) };
    const options = { op: 'done', result, landed, branch, command, first: await first() } as const;
    const ended = await code.moving(from, commit, () => endTenure(context, who, id, options));
    if (ended.kind !== 'branch-moved') return { ended, landed, attempts };
    onStep(`${id}: ${name} moved ${code.isChecked ? 'while its checks ran' : 'meanwhile'}`);
    if (attempts === 2 && attempts < attemptsMax && code.isChecked && !inTurn)
      onStep(`${id}: others landed first twice while its checks ran. ${turns}: ${inTurns(command)}`);
  }
  throw new CoordError('unavailable', `${name} moved each of the ${attemptsMax} times that ${id} was to land`, {
    hint: `The claim is kept, nothing reached the target. ${code.isChecked ? turns : 'Others land there all the time: try again'}.`,
    next: [...(code.isChecked ? [inTurns(command)] : []), command],
  });
}

/** Checks may take longer than the time between two landings of others: then only those who wait for each other get through. */
const turns = 'Who lands under a lock waits for its turn and checks once, as long as all land so';

const inTurns = (command: string): string => `git coord lock landing --wait 1h -- ${command}`;

/** A name may hold anything. */
const inOneLine = (name: string): string => name.replace(/[\x00-\x1f\x7f]/g, '?');

const firstMsMax = 1000;

const nameOf = (branch: string): string => branch.replace(/^refs\/heads\//, '');

const short = (oid: string): string => oid.slice(0, 12);

/** Without `atomic`, or where git would send the branch before the task, the claim guards nothing (protocol 4, 5). */
function refuseUnfenced(context: Context, target: string): void {
  const { atomic } = context.profile;
  const boardFirst = context.store.layout.board('') < target;
  if (atomic && boardFirst) return;
  const why = atomic
    ? `${target} sorts before ${context.store.layout.board('')}, so git would move it before the task`
    : 'the remote takes no atomic pushes';
  throw new CoordError('not-ready', `landing is not fenced here: ${why}`, {
    hint: 'A claim that was lost could not keep the work from the target. Merge by hand, then say done.',
    next: ['git coord doctor'],
  });
}

/** Whether this requester's last tenure of the task ended by this operation of its own. */
export function endedAs(context: Context, who: Who, id: string, op: EndedEntry['op']): boolean {
  const ended = context.ended.get(id);
  return ended?.op === op && ended.agent === who.agent && ended.session === who.session;
}

/** A repeat of one's own landing, as after a lost reply, is no error; what was cut off is put right. */
async function landedBefore(context: Context, who: Who, task: TaskView, coming: Promise<LandingCode>) {
  const { id, landed } = task;
  const ended = refusalError(id, { reason: 'lost', how: 'ended', agent: null });
  if (landed === null) throw ended;
  // what is checked out by now may be something else: that it has landed is so all the same
  const code = await coming.catch(unlessNotReady);
  if (code === null) return { task, landed };
  if (landed.ref !== code.target) throw ended;
  const left = await code.replay(landed.commit, '').catch(unlessNotReady);
  if (left !== null && left.kind !== 'nothing')
    throw new CoordError(
      'not-ready',
      `${id} has landed already, as ${short(landed.commit)}, without all of this work`,
      {
        hint: 'A task lands once. What came after it is another task.',
        next: ['git coord add "…"', `git coord show ${id}`],
      },
    );
  await repairLanding(context, who, id, landed, code);
  return { task, landed };
}

function unlessNotReady(error: unknown): null {
  if (error instanceof CoordError && error.code === 'not-ready') return null;
  throw error;
}

async function mergeMessage(context: Context, who: Who, id: string, held: Outcome | undefined): Promise<string> {
  const { title, term } = await showTask(context, who, id, held);
  return `Merge ${id}: ${title}\n\nTask: ${id}\nClaim-Term: ${term}\n`;
}

async function readyOn(code: LandingCode, id: string, onto: string, message: string) {
  const replayed = await code.replay(onto, message);
  if (replayed.kind === 'ready') return replayed;
  const name = nameOf(code.target);
  if (replayed.kind === 'nothing')
    throw new CoordError('not-ready', `${name} has all commits of this work already: there is nothing to land`, {
      hint: 'If the work is somewhere else, name it with --from; if there is nothing to do, say done.',
      next: [`git coord land ${id} --from <commit>`, `git coord done ${id}`],
      data: { nothing: true },
    });
  const { files, commit } = replayed;
  throw new CoordError('conflict', `${id} doesn't merge onto ${name}: ${files.slice(0, 5).map(inOneLine).join(', ')}`, {
    hint: `The claim is kept, and nothing was changed. Commit ${short(commit)} is where it stops: rebase, resolve, then land again.`,
    next: [`git rebase ${onto}`, 'git rebase --continue', `git coord land ${id}`],
    data: { files, commit, onto },
  });
}
