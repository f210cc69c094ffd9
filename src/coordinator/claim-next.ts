import { pausedText } from '../domain/decide-queue.ts';
import { lacking, queueOrder } from '../domain/readiness.ts';
import type { Seen, Who } from '../domain/seen.ts';
import { orderFor, pauseMsAfterLoss } from '../domain/spread.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import { capabilitiesOf } from './agent-beats.ts';
import { type Assignment, type Awaited, assignedTasks } from './assigned-tasks.ts';
import { type BookView, queueOf, readBook } from './book-view.ts';
import { type ClaimOptions, type ClaimResult, claimed, tryClaim } from './claim-task.ts';
import type { Context } from './context.ts';
import { type Filter, isOfKind } from './filter.ts';
import type { PairRead } from './read-seen.ts';
import { settleNeeds } from './settle-needs.ts';
import type { Outcome } from './transition.ts';

/** Tasks that are tried before the book counts as too busy, or as refusing. */
const triesMax = 50;

export interface NextOptions extends ClaimOptions {
  readonly assignment: Assignment;
}

/** Nothing was taken: what there is may be for others first, or for other skills. */
interface NotTaken {
  readonly awaited: Awaited | null;
  /** What this agent lacks for all that is ready. */
  readonly lacks: readonly string[];
}

/**
 * Takes the best task that is ready and moves on to the next when it loses the race.
 * @throws CoordError `not-ready` when nothing is ready or the agent's limit is reached, `unavailable`, `unknown`
 */
export async function claimNext(
  context: Context,
  who: Who,
  filter: Filter,
  options: NextOptions,
  recent: Context | null,
): Promise<ClaimResult> {
  const sooner = recent && (await tryIn(context, who, filter, options, await readBook(recent, who)).catch(ifNotReady));
  const taken = sooner && 'task' in sooner ? sooner : await tryNext(context, who, filter, options);
  if ('task' in taken) return taken;
  throw nothingReady('nothing is ready', taken, options.assignment);
}

function nothingReady(words: string, { paused, awaited, lacks }: Nothing, { strategy }: Assignment): CoordError {
  if (awaited !== null)
    return new CoordError('not-ready', `what is ready is for ${awaited.agents.join(', ') || 'others'} first`, {
      hint: `So says tasks.assignment_strategy: ${strategy}. What nobody has taken by then is yours in ${Math.max(1, Math.ceil(awaited.leftMs / 1000))} s.`,
      next: ['git coord claim --next --wait 1m', 'git coord agents'],
      data: awaited,
    });
  const look = ['git coord ready --explain', 'git coord claim --next --wait 10m'];
  if (lacks.length > 0)
    return new CoordError('not-ready', `what is ready needs what this agent can't do: ${lacks.join(', ')}`, {
      next: ['git coord ready', 'git coord agents'],
      data: { lacking: lacks },
    });
  if (paused === null) return new CoordError('not-ready', words, { next: look });
  return new CoordError('not-ready', words, { hint: `${paused}.`, next: ['git coord resume', ...look] });
}

/** What was so a moment ago is no reason to refuse. */
function ifNotReady(error: unknown): null {
  if (error instanceof CoordError && error.code === 'not-ready') return null;
  throw error;
}

/** Nothing may be ready, also after what needs nobody's work was settled; then it is said what is paused. */
async function tryNext(
  context: Context,
  who: Who,
  filter: Filter,
  options: NextOptions,
): Promise<ClaimResult | Nothing> {
  const look = () => readBook(context, who, alsoRead(context, options.assignment));
  const book = await look();
  const taken = await tryIn(context, who, filter, options, book);
  if ('task' in taken) return taken;
  const { joined } = await settleNeeds(context, who, book);
  const later = joined.length > 0 ? await tryIn(context, who, filter, options, await look()) : taken;
  return 'task' in later ? later : { ...later, paused: pausedText(queueOf(context, book.read)) };
}

interface Nothing extends NotTaken {
  readonly paused: string | null;
}

/** A plan is made of what the agents' records say as well. */
const alsoRead = ({ store }: Context, { strategy }: Assignment): string[] =>
  strategy === 'priority' ? [] : [store.layout.all('agents')];

/**
 * The best task that is this agent's to take, by this read and, after a race that was lost, by a fresh one: what others took
 * meanwhile isn't tried, and what became ready meanwhile isn't passed over.
 */
async function tryIn(
  context: Context,
  who: Who,
  filter: Filter,
  options: NextOptions,
  first: BookView,
): Promise<ClaimResult | NotTaken> {
  let book = first;
  let losses = 0;
  const passedOver = new Set<string>();
  for (let tries = 0; tries < triesMax; tries++) {
    limitReached(context, who, book);
    const open = openTasks(book, filter);
    const ready = { open, able: candidates(context, who, open) };
    const { tasks, awaited } = await assignedTasks(context, who.agent, book, ready, options.assignment);
    const task = tasks.find(({ id }) => !passedOver.has(tipIn(book, id)));
    if (task === undefined) return { awaited, lacks: ready.able.length > 0 ? [] : lacksFor(context, who, open) };
    const tip = tipIn(book, task.id);
    const outcome = await tryOne(context, who, task.id, { ...options, first: pairIn(book, task.id) });
    if (outcome !== null && outcome.kind !== 'refused') return claimed(context, who, task.id, options, outcome);
    passedOver.add(tip);
    if (outcome === null || tipOf(outcome.seen) === tip) continue;
    losses++;
    await context.clock.sleep(pauseMsAfterLoss(losses, context.random()));
    book = await readBook(context, who, alsoRead(context, options.assignment));
  }
  throw new CoordError('unavailable', `${triesMax} tasks in a row could not be claimed`, {
    hint: losses > 0 ? `Others were faster ${losses} times.` : 'The book refuses what is written to them.',
    next: ['git coord claim --next', 'git coord doctor'],
  });
}

const tipOf = (seen: Seen | undefined): string => (seen?.task.kind === 'task' ? seen.task.oid : '');
const tipIn = ({ seen }: BookView, id: string): string => tipOf(seen.get(id));

/** Null for a task that can't be written, as one that somebody filled to the brim: it must not stand before all others. */
async function tryOne(context: Context, who: Who, id: string, options: ClaimOptions): Promise<Outcome | null> {
  try {
    return await tryClaim(context, who, id, { ...options, create: false, force: false });
  } catch (error) {
    if (error instanceof CoordError && error.code === 'usage') return null;
    throw error;
  }
}

/** Ready tasks and expired ones, in the order of the queue. */
function openTasks(book: BookView, filter: Filter): TaskView[] {
  const open = book.tasks.filter(
    (task) =>
      (task.ready ||
        (task.claim?.observed.expired === true &&
          !task.claim.mine &&
          task.type !== 'lock' &&
          task.type !== 'external')) &&
      isOfKind(task, filter),
  );
  return open.sort(queueOrder);
}

/** What this agent can do, in the order in which it tries it. */
function candidates(context: Context, who: Who, open: readonly TaskView[]): TaskView[] {
  const capabilities = capabilitiesOf(context, who.agent);
  return orderFor(
    who,
    open.filter((task) => lacking(task, capabilities).length === 0),
  );
}

function lacksFor(context: Context, who: Who, open: readonly TaskView[]): string[] {
  const capabilities = capabilitiesOf(context, who.agent);
  return [...new Set(open.flatMap((task) => lacking(task, capabilities)))].sort();
}

/** The book's own read will do: if the task has changed since, the push fails and shows the fresh value. */
function pairIn({ seen, read }: BookView, id: string): PairRead | undefined {
  const one = seen.get(id);
  return one && { seen: one, book: read };
}

function limitReached(context: Context, who: Who, book: BookView): void {
  const held = book.tasks.filter((task) => task.claim?.agent === who.agent && task.claim.mine && task.type !== 'lock');
  if (held.length < context.registration.limit) return;
  throw new CoordError(
    'not-ready',
    `${who.agent} holds ${held.length} tasks already, its limit: ${held.map((task) => task.id).join(', ')}`,
    {
      hint: 'The limit is agents.max_concurrent_tasks; a task that is claimed by name is not bound by it.',
      next: held.slice(0, 1).map((task) => `git coord done ${task.id}`),
    },
  );
}

/**
 * Waits until something is ready, watching what others hold, so that what expires is taken.
 * @throws CoordError `not-ready` when the wait ran out
 */
export async function claimNextWaiting(
  context: Context,
  who: Who,
  filter: Filter,
  options: NextOptions,
  waitMs: number,
  pollIntervalMs: number,
): Promise<ClaimResult> {
  const untilMs = context.clock.monoMs() + waitMs;
  for (;;) {
    const taken = await tryNext(context, who, filter, options);
    if ('task' in taken) return taken;
    const leftMs = untilMs - context.clock.monoMs();
    if (leftMs <= 0) throw nothingReady('nothing became ready in time', taken, options.assignment);
    await context.clock.sleep(Math.min(leftMs, pollIntervalMs * (0.75 + context.random() / 2)));
  }
}
