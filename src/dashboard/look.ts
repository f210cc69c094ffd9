import type { App } from '../app/open-app.ts';
import { type BookView, queueOf, readBook } from '../coordinator/book-view.ts';
import type { Context } from '../coordinator/context.ts';
import { newEvents } from '../coordinator/new-events.ts';
import { type AgentView, agentsIn, liveAgents } from '../coordinator/read-agents.ts';
import { pausedText } from '../domain/decide-queue.ts';
import type { TaskView } from '../domain/view.ts';
import type { Told } from '../store/cursor-journal.ts';
import { metricsPath, pushesLastMinute } from '../store/metrics-log.ts';
import { agentRows } from './agent-rows.ts';
import type { Rows } from './board.ts';
import { EventRows } from './event-rows.ts';
import { type OwnObservations, ownObservations } from './own-observations.ts';
import { figuresOf, periodRows } from './period-rows.ts';
import { type BookFact, type CountsFact, eventsMax, type PushesFact, type TaskGroup } from './rows.ts';
import { shownText } from './shown-text.ts';
import { Sightings } from './sightings.ts';
import { TaskLogs } from './task-logs.ts';
import { type Groups, groupOf, groupsOf, taskRows } from './task-rows.ts';
import { WorkflowRows } from './workflow-rows.ts';

/** So many of the tasks that moved last tell what happened before anybody looked. */
const earlierTasks = 40;
const pushesForMs = 5000;

/** Reads the book, and makes of it what the page shows. What one look learned saves the next one work. */
export class Looker {
  readonly #app: App;
  readonly #logs = new TaskLogs();
  readonly #events = new EventRows();
  readonly #claims = new Sightings();
  readonly #records = new Sightings();
  readonly #workflows = new WorkflowRows();
  readonly #observed: OwnObservations;
  #told: Told | null = null;
  #pushes: { readonly atMs: number; readonly lastMinute: number } | null = null;

  constructor(app: App) {
    this.#app = app;
    this.#observed = ownObservations(app);
  }

  /** Logs are still to be read: another look shows more. */
  get isBehind(): boolean {
    return this.#logs.unread > 0;
  }

  /** Nobody has looked for a while: who died meanwhile must not be shown at work for another lease. */
  catchUp(): void {
    this.#observed.catchUp();
  }

  /** What happens while nobody looks isn't followed: the next look begins anew with what was last. */
  forgetEvents(): void {
    this.#told = null;
  }

  /** `asks`: the remote, unless the daemon just did; else what this clone has seen. @throws CoordError `unavailable` */
  async look(asks: boolean): Promise<Rows> {
    const { layout } = this.#app.context.store;
    const read = asks ? ((await this.#app.recent()) ?? this.#app.context) : await this.#app.shown();
    const context = { ...read, observed: this.#observed };
    const more = [layout.all('agents'), layout.all('events'), layout.archive];
    const book = await readBook(context, this.#app.who, more);
    await this.#logs.read(context, book);
    await this.#followEvents(context, book);
    return this.#rowsOf(context, book, Date.now());
  }

  async #followEvents({ store }: Context, book: BookView): Promise<void> {
    const tips = tellingTips(book, store.layout);
    const told = this.#told ?? beforeTheLatest(new Map(tips), book, store.layout);
    // what was just listed needn't be listed again
    const { steps, gone } = await newEvents({ ...store, tips: async () => tips }, told);
    this.#events.add(steps.flatMap(({ event }) => (event === null ? [] : [event])));
    for (const { ref, oid } of steps) told.refs.set(ref, oid);
    for (const ref of gone) told.refs.delete(ref);
    this.#told = told;
  }

  #rowsOf(context: Context, book: BookView, nowMs: number): Rows {
    const { tasks, blockers } = book;
    const tenures = this.#logs.tenures;
    this.#claims.begin();
    this.#records.begin();
    const claimMovedMs = (task: TaskView): number =>
      this.#claims.movedMs(task.id, `${task.claim?.oid} ${task.term}`, task.claim?.observed.ageMs ?? 0, nowMs);
    const groups = groupsOf({ tasks, blockers, movedMs: claimMovedMs });
    const movedMs = new Map(
      agentsIn(context, book.read).map((agent) => [agent.id, this.#agentMoved(agent, book, nowMs)]),
    );
    const agents = liveAgents(
      agentsIn(context, book.read).map((agent) => ({
        ...agent,
        observed: { ageMs: nowMs - (movedMs.get(agent.id) ?? nowMs) },
      })),
      tasks,
    );
    const nodeState = (task: TaskView): string => groupOf(task, blockers.get(task.id) ?? []) ?? task.state;
    const { workflows, nodes } = this.#workflows.rows(tasks, nodeState);
    return {
      tasks: taskRows({ tasks, blockers, movedMs: claimMovedMs }, groups),
      agents: agentRows({
        agents,
        claimed: groups.claimed,
        movedMs: ({ id }) => movedMs.get(id) ?? nowMs,
        tenures,
      }),
      workflows,
      nodes,
      periods: periodRows(tenures, nowMs),
      events: this.#events.rows,
      facts: [
        this.#bookFact(context, book),
        countsOf(groups, tasks, agents),
        figuresOf(tenures, this.#logs.unread, nowMs),
        this.#pushesFact(nowMs),
      ],
    };
  }

  #agentMoved(agent: AgentView, { read }: BookView, nowMs: number): number {
    const oid = read.records.get(this.#app.context.store.layout.agents(agent.id))?.decoded.oid ?? '';
    return this.#records.movedMs(agent.id, oid, agent.observed.ageMs, nowMs);
  }

  #bookFact(context: Context, book: BookView): BookFact {
    const { book: settings, who } = this.#app;
    const paused = pausedText(queueOf(context, book.read));
    return {
      key: 'book',
      mode: settings.mode,
      remote: settings.remote === null ? null : shownText(settings.remote, 80),
      project: shownText(context.registration.project, 80),
      agent: who.agent,
      away: null,
      paused: paused && shownText(paused),
      unreadable: book.bad.length,
    };
  }

  #pushesFact(nowMs: number): PushesFact {
    if (this.#pushes === null || nowMs - this.#pushes.atMs > pushesForMs)
      this.#pushes = { atMs: nowMs, lastMinute: pushesLastMinute(metricsPath(this.#app.clone.coordDir), nowMs) };
    const { host } = this.#app.book;
    return {
      key: 'pushes',
      lastMinute: this.#pushes.lastMinute,
      host: host?.name ?? null,
      limit: host?.pushesPerMinute ?? null,
    };
  }
}

/** Where all ends that tells of something. */
function tellingTips({ read }: BookView, layout: Context['store']['layout']): Map<string, string> {
  const telling = [...read.records.values()].filter(
    ({ ref, space }) => space === 'board' || space === 'events' || ref === layout.archive,
  );
  return new Map(telling.map(({ ref, decoded }) => [ref, decoded.oid]));
}

/** As if all had been told but what the tasks that moved last, and the agents, have to tell. */
function beforeTheLatest(tips: Map<string, string>, { tasks }: BookView, layout: Context['store']['layout']): Told {
  const latest = tasks.toSorted((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)).slice(0, earlierTasks);
  for (const { id } of latest) tips.delete(layout.board(id));
  const agents = layout.all('events');
  const chains = [...tips.keys()].filter((ref) => ref.startsWith(agents));
  for (const ref of chains.slice(0, eventsMax)) tips.delete(ref);
  return { refs: tips, gone: new Map() };
}

function countsOf(groups: Groups, tasks: readonly TaskView[], agents: readonly AgentView[]): CountsFact {
  const counted = Object.entries(groups).map(([group, own]) => [group, own.length]);
  // some hold a task before their record is there
  const known = new Set([...agents.map(({ id }) => id), ...groups.claimed.flatMap(({ claim }) => claim?.agent ?? [])]);
  const inState = (state: TaskView['state']): number => tasks.filter((task) => task.state === state).length;
  return {
    key: 'counts',
    groups: Object.fromEntries(counted) as Record<TaskGroup, number>,
    done: inState('done'),
    cancelled: inState('cancelled'),
    agents: known.size,
  };
}
