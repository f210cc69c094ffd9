import type { ImportFile } from '../config/task-file.ts';
import type { AgentRecord, AgentStatus } from '../domain/agent.ts';
import type { NeedsChange, TaskChange } from '../domain/decide-edit.ts';
import { joinType } from '../domain/decide-join.ts';
import { eventFilter } from '../domain/event-filter.ts';
import { parseId } from '../domain/ids.ts';
import type { TaskInput } from '../domain/new-task.ts';
import type { Who } from '../domain/seen.ts';
import type { StatsRow } from '../domain/stats.ts';
import type { Json } from '../domain/task.ts';
import { limits } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';
import type { WorkflowView } from '../domain/workflow-view.ts';
import { CoordError } from '../errors.ts';
import type { HeldState } from '../store/held-ledger.ts';
import { dueAgents } from './agent-beats.ts';
import { type Archived, archiveTasks } from './archive-tasks.ts';
import { type AssignResult, assignTask } from './assign-task.ts';
import type { Assignment } from './assigned-tasks.ts';
import { type BookView, readBook } from './book-view.ts';
import { cancelWorkflow } from './cancel-workflow.ts';
import { changeQueue, type QueueChanged } from './change-queue.ts';
import { addTask, cancelTask, changeNeeds, editTask, noteOnTask, retryTask } from './change-task.ts';
import { claimNext, claimNextWaiting } from './claim-next.ts';
import { type ClaimOptions, type ClaimResult, claimed, claimTask, claimWaiting } from './claim-task.ts';
import type { Context } from './context.ts';
import { type ExportedTasks, exportTasks } from './export-tasks.ts';
import { type Filter, isChosen } from './filter.ts';
import { finishTask } from './finish-task.ts';
import { type LandRequest, type LandResult, landTask } from './land-task.ts';
import { type ListedEvents, type ListRequest, listEvents } from './list-events.ts';
import { type Published, publishEvent } from './publish-event.ts';
import { type PairRead, readPair } from './read-seen.ts';
import { readStats } from './read-stats.ts';
import { registerAgent, setStatus } from './register-agent.ts';
import { renewClaims } from './renew-claims.ts';
import { renewClaim, reportProgress } from './report-progress.ts';
import { resultsOfNeeds } from './results-of-needs.ts';
import { sendToReview } from './review-task.ts';
import { settlePending } from './settle-pending.ts';
import { showTask } from './show-task.ts';
import { type SubmitRequest, type Submitted, submitTasks } from './submit-tasks.ts';
import { type SubscribeRequest, type Subscription, subscribe } from './subscribe.ts';
import { type LogEntry, taskLog } from './task-log.ts';
import { type Waited, type WaitRequest, waitForTasks, waitForWorkflow } from './wait-for.ts';
import { type OpenWatch, type WatchRequest, watchEvents } from './watch-events.ts';

/** How long a reservation counts when nothing else is said. */
const reservationMs = 10 * 60_000;

/**
 * The best task is chosen by what was seen so long ago at most: what became ready since, of a higher priority, would be
 * passed over, and in a busy queue most of what was ready longer ago is taken.
 */
const chooseMsMax = 500;

/** How long the daemon watches a claim for somebody who lost it. */
const loserWatchMs = 10 * 60_000;

/**
 * The book as an agent uses it: the command line and the library are both made of these calls, and their results are the
 * command line's `data`. Every writing call first settles what this session left open (protocol 5).
 */
export interface BookOptions {
  readonly context: Context;
  readonly who: Who;
  readonly ttlMs: number;
  readonly pollIntervalMs: number;
  /** Defaults of new tasks. */
  readonly timeoutMs: number;
  readonly retryLimit: number;
  /** What `next` takes. */
  readonly assignment: Assignment;
  readonly ownerIsOther: ClaimOptions['ownerIsOther'];
  readonly ownerIsGone: ClaimOptions['ownerIsGone'];
  /** The book as the daemon saw it within the last poll, or in this time, to decide on at first; null: it must be asked for. */
  readonly recent: (ageMsMax?: number) => Promise<Context | null>;
  /** Somebody keeps claims alive: wakes it, to watch others' for so long. Null: nobody does, and agents are registered by the claim itself. */
  readonly keepAlive: ((watchMs: number) => Promise<void>) | null;
  /** For one who watches events. */
  readonly openWatch: () => OpenWatch;
}

export interface ClaimRequest {
  readonly ttlMs?: number | undefined;
  readonly force?: boolean | undefined;
  readonly create?: boolean | undefined;
  readonly lock?: boolean | undefined;
  readonly owner?: HeldState['owner'] | undefined;
  readonly waitMs?: number | undefined;
  /** For people who wait: why, once. */
  readonly onWait?: ((why: string) => void) | undefined;
}

export interface Imported {
  /** Without what was there already. */
  readonly created: readonly string[];
  /** All that the file stands for. */
  readonly tasks: readonly string[];
  /** Items of a list that are checked. */
  readonly skipped: number;
  readonly dryRun: boolean;
}

export class Book {
  readonly context: Context;
  readonly who: Who;
  readonly #options: BookOptions;
  readonly #subscriptions = new Set<Subscription>();

  constructor(options: BookOptions) {
    this.#options = options;
    this.context = options.context;
    this.who = options.who;
  }

  /** @throws CoordError `bad-id`, `held`, `not-ready`, `not-found`, `unavailable`, `unknown` */
  async claim(name: string, request: ClaimRequest = {}, command = `git coord claim ${name}`): Promise<ClaimResult> {
    const id = parseId(name);
    await settlePending(this.context, this.who, command);
    const options = { ...this.#claimOptions(request, command), first: await this.#firstRead(id) };
    const { waitMs } = request;
    try {
      const result = await (waitMs === undefined
        ? claimTask(this.context, this.who, id, options)
        : claimWaiting(this.context, this.who, id, options, waitMs, this.#options.pollIntervalMs));
      return await this.#keptAlive(result);
    } catch (error) {
      // A loser's clone watches on, so that the claim can be taken once its holder is gone (protocol 6).
      if (!(error instanceof CoordError) || error.code !== 'held') throw error;
      await this.#options.keepAlive?.(loserWatchMs);
      throw this.#options.keepAlive ? error : unwatched(error);
    }
  }

  /** Claims the best task that is ready. @throws CoordError `not-ready`, `unavailable`, `unknown` */
  async next(
    filter: Filter = {},
    request: ClaimRequest = {},
    command = 'git coord claim --next',
  ): Promise<ClaimResult> {
    const options = this.#claimOptions(request, command);
    const pending = await settlePending(this.context, this.who, command);
    if (pending && pending.outcome.kind === 'won' && pending.attempt.claim.kind === 'hold') {
      return this.#keptAlive(await claimed(this.context, this.who, pending.attempt.task, options, pending.outcome));
    }
    const { waitMs } = request;
    const { assignment, pollIntervalMs } = this.#options;
    const next = { ...options, assignment };
    // a plan is made of what is so now, with the agents
    const looks = waitMs !== undefined || assignment.strategy !== 'priority';
    const recent = looks ? null : await this.#options.recent(chooseMsMax);
    return this.#keptAlive(
      await (waitMs === undefined
        ? claimNext(this.context, this.who, filter, next, recent)
        : claimNextWaiting(this.context, this.who, filter, next, waitMs, pollIntervalMs)),
    );
  }

  /** How often a waiter looks, in milliseconds. */
  get pollIntervalMs(): number {
    return this.#options.pollIntervalMs;
  }

  /** Sees to it that what is held here is kept alive: for whoever holds it for long. */
  async stayAlive(): Promise<void> {
    await this.#options.keepAlive?.(0);
  }

  /** All of this session's when none is named. @throws CoordError as `done` */
  async renew(names: readonly string[] = [], command = 'git coord renew'): Promise<{ tasks: TaskView[] }> {
    await settlePending(this.context, this.who, command);
    const mine = this.context.held
      .all()
      .filter((entry) => entry.agent === this.who.agent && entry.session === this.who.session && !entry.state.lost);
    const ids = names.length > 0 ? names.map((name) => parseId(name)) : mine.map((entry) => entry.task);
    const tasks: TaskView[] = [];
    for (const id of ids) tasks.push(await renewClaim(this.context, this.who, id, command));
    if (ids.length > 0) await this.#options.keepAlive?.(0);
    return { tasks };
  }

  /** @throws CoordError as `done` */
  async progress(
    name: string,
    text: string,
    percent: number | null = null,
    command = `git coord progress ${name}`,
  ): Promise<TaskView> {
    if (percent !== null && !(percent >= 0 && percent <= 100))
      throw new CoordError('usage', `${percent} is no percentage: 0 to 100`);
    const id = parseId(name);
    await settlePending(this.context, this.who, command);
    const view = await reportProgress(this.context, this.who, id, text, percent, command);
    await this.#options.keepAlive?.(0);
    return view;
  }

  release(name: string, command = `git coord release ${name}`): Promise<TaskView> {
    return this.#finish(name, { op: 'release', command });
  }

  /** @throws CoordError `lost`, `held`, `not-ready`, `not-found`, `unavailable`, `unknown` */
  done(name: string, result: Json = null, command = `git coord done ${name}`): Promise<TaskView> {
    return this.#finish(name, { op: 'done', result, command });
  }

  /**
   * Lands its work: branch, task and claim move in one push (protocol 4, "land").
   * @throws CoordError `lost`, `held`, `conflict`, `not-ready`, `not-found`, `unavailable`, `unknown`
   */
  async land(name: string, request: LandRequest): Promise<LandResult> {
    const id = await this.#ready(name, request.command);
    const surroundings = { recent: this.#options.recent, onEnded: () => this.stayAlive() };
    return landTask(this.context, this.who, id, request, surroundings);
  }

  /** Sends it to review, with its work on its own branch. @throws CoordError as `land` */
  async review(name: string, request: Parameters<typeof sendToReview>[3]): ReturnType<typeof sendToReview> {
    const id = await this.#ready(name, request.command);
    const result = await sendToReview(this.context, this.who, id, request);
    await this.#options.keepAlive?.(0);
    return result;
  }

  fail(name: string, reason = 'no reason given', command = `git coord fail ${name}`): Promise<TaskView> {
    return this.#finish(name, { op: 'fail', reason: reason.slice(0, limits.textChars), command });
  }

  async add(
    input: Omit<TaskInput, 'id'> & { id?: string | undefined },
    command = 'git coord add',
  ): Promise<TaskView & { created: boolean }> {
    const { timeoutMs, retryLimit } = this.#options;
    checkTitle(input.title);
    const id = input.id === undefined ? undefined : parseId(input.id);
    const needs = (input.needs ?? []).map((need) => parseId(need));
    if (id !== undefined && needs.includes(id)) throw new CoordError('usage', `${id} can't need itself`);
    const pending = await settlePending(this.context, this.who, command);
    if (pending?.outcome.kind === 'won' && pending.attempt.op === 'add') {
      const task = await showTask(this.context, this.who, pending.attempt.task);
      return { ...task, created: true };
    }
    const { task, created } = await addTask(
      this.context,
      this.who,
      { timeoutMs, retryLimit, ...input, needs, id },
      command,
    );
    return { ...task, created };
  }

  async note(name: string, text: string, command = `git coord note ${name}`): Promise<TaskView> {
    if (text.trim() === '') throw new CoordError('usage', 'an empty note says nothing');
    const id = await this.#ready(name, command);
    return noteOnTask(this.context, this.who, id, text, command);
  }

  async edit(name: string, change: TaskChange, command = `git coord edit ${name}`): Promise<TaskView> {
    const id = await this.#ready(name, command);
    if (change.title !== undefined) checkTitle(change.title);
    if (change.type === joinType)
      throw new CoordError('usage', 'a task that somebody is to do does not become a join', {
        next: ['git coord add "…" --type join --needs …'],
      });
    const needs = change.needs?.map((need) => parseId(need));
    if (needs?.includes(id)) throw new CoordError('usage', `${id} can't need itself`);
    return editTask(this.context, this.who, id, needs ? { ...change, needs } : change, command);
  }

  /**
   * Reserves a task for an agent, as everybody sees it for `ttlMs` (10 min); null: for nobody. Who holds it goes on.
   * @throws CoordError `not-found`, `not-ready` (it is over, or the agent lacks a skill), `bad-id`, `unavailable`, `unknown`
   */
  async assign(
    name: string,
    agent: string | null,
    { ttlMs = reservationMs }: { readonly ttlMs?: number | undefined } = {},
    command = `git coord assign ${name} ${agent ?? '--none'}`,
  ): Promise<AssignResult> {
    checkTtl(ttlMs);
    const to = agent === null ? null : { agent: parseId(agent, 'name of an agent'), ttlMs };
    return assignTask(this.context, this.who, await this.#ready(name, command), to, command);
  }

  /** Adds to what a task needs, or takes from it. @throws CoordError `usage` (a circle), `not-found`, `not-ready` */
  async changeNeeds(name: string, change: NeedsChange, command = `git coord dep ${name}`): Promise<TaskView> {
    const id = await this.#ready(name, command);
    const ids = (names: readonly string[] = []) => names.map((need) => parseId(need));
    return changeNeeds(this.context, this.who, id, { add: ids(change.add), remove: ids(change.remove) }, command);
  }

  /** Pauses tasks of these labels, or all; also those that are added later. @throws CoordError `unavailable` */
  pause(labels: readonly string[] = []): Promise<QueueChanged> {
    return changeQueue(this.context, this.who, { paused: true, labels });
  }

  /** @throws CoordError `unavailable` */
  resume(labels: readonly string[] = []): Promise<QueueChanged> {
    return changeQueue(this.context, this.who, { paused: false, labels });
  }

  /** Until all of them are over, or one. @throws CoordError `not-found`, `unavailable` */
  async waitFor(names: readonly string[], request: WaitRequest = {}): Promise<Waited> {
    const ids = names.map((name) => parseId(name));
    return waitForTasks(this.context, this.who, ids, request, this.#options.pollIntervalMs);
  }

  /** Adds many tasks in one atomic push, or none. @throws CoordError as `submitTasks` */
  submit(request: SubmitRequest): Promise<Submitted> {
    return submitTasks(this.context, this.who, request);
  }

  /**
   * Adds tasks that were written down or exported elsewhere, in one atomic push, or none.
   * @throws CoordError as `submitTasks`
   */
  async importTasks(
    { tasks, skipped, isExport, placeOf }: ImportFile,
    { dryRun = false, command }: { readonly dryRun?: boolean | undefined; readonly command: string },
  ): Promise<Imported> {
    const { timeoutMs, retryLimit } = this.#options;
    const filled = tasks.map((task) => ({ timeoutMs, retryLimit, ...task }));
    const request = { tasks: filled, placeOf, mayNeedUnknown: isExport, dryRun, command };
    const { created } = await submitTasks(this.context, this.who, request);
    return { created, tasks: tasks.map(({ id }) => id), skipped, dryRun };
  }

  /** @throws CoordError `unavailable` */
  exportTasks(): Promise<ExportedTasks> {
    return exportTasks(this.context);
  }

  /** @throws CoordError `not-found`, `unavailable` */
  waitForWorkflow(id: string, request: WaitRequest<WorkflowView> = {}): ReturnType<typeof waitForWorkflow> {
    return waitForWorkflow(this.context, this.who, id, request, this.#options.pollIntervalMs);
  }

  /** Cancels what is unfinished of it. @throws CoordError `not-found`, `unavailable`, `unknown` */
  cancelWorkflow(id: string, command: string): Promise<{ cancelled: string[] }> {
    return cancelWorkflow(this.context, this.who, id, command);
  }

  async cancel(name: string, reason: string | null = null, command = `git coord cancel ${name}`): Promise<TaskView> {
    return cancelTask(this.context, this.who, await this.#ready(name, command), reason, command);
  }

  async retry(name: string, command = `git coord retry ${name}`): Promise<TaskView> {
    return retryTask(this.context, this.who, await this.#ready(name, command), command);
  }

  /** @throws CoordError `not-found`, `not-ready` (its note can't be read), `unavailable` */
  show(name: string): Promise<TaskView> {
    return showTask(this.context, this.who, parseId(name));
  }

  /** What each task that this one needs gave, by id. @throws CoordError `unavailable` */
  resultsOfNeeds(task: Pick<TaskView, 'needs'>): Promise<Record<string, Json>> {
    return resultsOfNeeds(this.context, this.who, task);
  }

  /** Registers this agent, or again. @throws CoordError `usage`, `unavailable` */
  async registerAgent(request: { capabilities?: readonly string[] | undefined } = {}): Promise<AgentRecord> {
    return registerAgent(this.context, this.who, request);
  }

  /** Until this agent begins or ends a task. @throws CoordError `usage`, `unavailable` */
  async setStatus(status: AgentStatus): Promise<AgentRecord> {
    return setStatus(this.context, this.who, status);
  }

  /**
   * Tells something to all who watch: with the agent's next record, or at once with `now`.
   * @throws CoordError `usage`, `not-ready`, `unavailable`
   */
  async publish(type: string, data: Json = null, { now = false }: { now?: boolean } = {}): Promise<Published> {
    const { keepAlive } = this.#options;
    const published = await publishEvent(this.context, this.who, { type, data, now: now || keepAlive === null });
    if (!published.sent) await keepAlive?.(0);
    return published;
  }

  /** What agents have told, oldest first; the steps of tasks are in their logs. @throws CoordError `usage`, `bad-id`, `unavailable` */
  async events(request: ListRequest = {}): Promise<ListedEvents> {
    const sources = this.#options.openWatch();
    try {
      return await listEvents(this.context, sources.journal, { ...request, ...eventFilter(request) });
    } finally {
      sources.close();
    }
  }

  /** Tells what happens until its signal ends it. Answers the last cursor. @throws CoordError `usage`, `bad-id` */
  async watch(request: Omit<WatchRequest, 'pollIntervalMs'>): Promise<string | null> {
    const { openWatch, pollIntervalMs } = this.#options;
    const sources = openWatch();
    request.signal.addEventListener('abort', sources.wake);
    try {
      return await watchEvents(this.context, sources, { ...request, ...eventFilter(request), pollIntervalMs });
    } finally {
      request.signal.removeEventListener('abort', sources.wake);
      sources.close();
    }
  }

  /**
   * Has a function told what happens from now on, or since a cursor. The next event is told when it has taken this one.
   * @throws CoordError `usage` (a cursor that isn't known), `bad-id`, `unavailable`
   */
  subscribe(handler: WatchRequest['onEvent'], request: SubscribeRequest = {}): Promise<Subscription> {
    return subscribe((watching) => this.watch(watching), handler, request, this.#subscriptions);
  }

  /** Ends all subscriptions. What ended one before was told to its `onError`. */
  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((one) => one.close().catch(() => {})));
  }

  /** Figures by agent and type of task, from the logs. @throws CoordError `unavailable` */
  stats(): Promise<StatsRow[]> {
    return readStats(this.context, this.who);
  }

  /** Moves all finished tasks that may go to the archive. @throws CoordError `unavailable`, `not-ready` (the host can't) */
  archive(): Promise<Archived> {
    return archiveTasks(this.context, this.who, { all: true, afterMs: 0, above: 0 });
  }

  log(name: string): Promise<{ entries: LogEntry[] }> {
    return taskLog(this.context, parseId(name));
  }

  /** In the order in which they would be taken. @throws CoordError `unavailable` */
  async list(filter: Filter = {}): Promise<BookView & { tasks: TaskView[] }> {
    const book = await readBook(this.context, this.who);
    const tasks = book.tasks.filter((task) => isChosen(task, filter));
    return { ...book, tasks: filter.limit === undefined ? tasks : tasks.slice(0, filter.limit) };
  }

  async #finish(name: string, options: Parameters<typeof finishTask>[3]): Promise<TaskView> {
    const id = await this.#ready(name, options.command);
    const view = await finishTask(this.context, this.who, id, options);
    await this.#options.keepAlive?.(0);
    return view;
  }

  async #ready(name: string, command: string): Promise<string> {
    const id = parseId(name);
    await settlePending(this.context, this.who, command);
    return id;
  }

  async #firstRead(id: string): Promise<PairRead | undefined> {
    const recent = await this.#options.recent();
    if (recent === null) return undefined;
    const pair = await readPair(recent, id, [recent.store.layout.queue]);
    // a push that creates a task proves nothing of what was seen: not even that it goes to the same book
    return pair.seen.task.kind === 'absent' ? undefined : pair;
  }

  #claimOptions(request: ClaimRequest, command: string): ClaimOptions {
    const ttlMs = request.ttlMs ?? this.#options.ttlMs;
    checkTtl(ttlMs);
    return {
      ttlMs,
      force: request.force ?? false,
      create: request.create ?? true,
      createType: request.lock ? 'lock' : 'external',
      owner: request.owner ?? null,
      ownerIsOther: this.#options.ownerIsOther,
      ownerIsGone: this.#options.ownerIsGone,
      command,
      onWait: request.onWait,
    };
  }

  async #keptAlive(result: ClaimResult): Promise<ClaimResult> {
    if (this.#options.keepAlive) await this.#options.keepAlive(0);
    else await this.#registerAgent();
    return result;
  }

  /** This agent alone: each claim of a clone would else write the records of all, and those at work at once undo each other's. */
  async #registerAgent(): Promise<void> {
    const held = this.context.held.all().filter((entry) => !entry.state.lost);
    const own = dueAgents(this.context, held).filter(({ agent }) => agent === this.who.agent);
    await renewClaims(this.context, [], own);
  }
}

function checkTtl(ttlMs: number): void {
  if (!(ttlMs >= limits.ttlMsMin && ttlMs <= limits.ttlMsMax))
    throw new CoordError('usage', `a ttl of ${ttlMs} ms is outside 1s to 24h`);
}

function checkTitle(title: string): void {
  if (title.trim() === '') throw new CoordError('usage', 'a task needs a title that says something');
}

/** One look can't see that something stands still (protocol 6). */
function unwatched({ message, hint, next, data }: CoordError): CoordError {
  const more = 'No daemon runs here to watch it: claim --wait watches by itself.';
  return new CoordError('held', message, { hint: hint ? `${hint} ${more}` : more, next, data });
}
