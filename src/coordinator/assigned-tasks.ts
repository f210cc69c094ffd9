import type { Plan, PlanAgent } from '../domain/assignment/plan.ts';
import { type StrategyName, strategies } from '../domain/assignment/strategies.ts';
import { reservationCounts } from '../domain/readiness.ts';
import type { TaskView } from '../domain/view.ts';
import { capabilitiesOf } from './agent-beats.ts';
import type { BookView } from './book-view.ts';
import type { Context } from './context.ts';
import { type Awaitable, Patience } from './patience.ts';
import { agentsIn, liveAgents } from './read-agents.ts';
import { tipAgeMs } from './read-seen.ts';
import { recentStats } from './read-stats.ts';

/**
 * Which of the ready tasks are an agent's to take, by `tasks.assignment_strategy`.
 *
 *   the plan gives it some      these, and what is reserved for it
 *   it gives it none            none, for two polls from when this clone first saw that it must wait
 *   and after that              whatever it can do. To whom the plan gave tasks meanwhile, and who has begun nothing, is left out of its
 *                               plans until its record says something new, or nothing is ready: nobody waits twice for who is gone
 *
 * Waiting counts by this clone's own clock, and is kept with its other sightings.
 */
export interface Assignment {
  readonly strategy: StrategyName;
  /** Two times `coordination.poll_interval`. */
  readonly patienceMs: number;
}

export interface Assigned {
  readonly tasks: readonly TaskView[];
  /** Set when all that is ready is for others first. */
  readonly awaited: Awaited | null;
}

export interface Awaited {
  readonly agents: readonly string[];
  readonly leftMs: number;
}

/** `open`: all that is ready; `able`: of it what this agent can do, in the order in which it would take it. */
export async function assignedTasks(
  context: Context,
  agent: string,
  book: BookView,
  { open, able }: { readonly open: readonly TaskView[]; readonly able: readonly TaskView[] },
  { strategy, patienceMs }: Assignment,
): Promise<Assigned> {
  if (strategy === 'priority') return { tasks: able, awaited: null };
  const patience = new Patience(context, agent);
  if (able.length === 0) {
    patience.forgetAll();
    return { tasks: [], awaited: null };
  }
  const reserved = able.filter(({ id }) => isReservedFor(context, agent, book, id));
  const input = {
    tasks: open.filter((task) => !reserved.includes(task)),
    agents: agentsFor(context, agent, book, patience),
    figures: strategy === 'predictive' ? await recentStats(context, book) : [],
  };
  const plan = strategies[strategy](input);
  const best = Math.max(...able.map(({ priority }) => priority));
  const own = [...reserved, ...inPlan(input, plan, agent)].filter(({ priority }) => priority === best);
  if (own.length > 0) {
    patience.end();
    return { tasks: own, awaited: null };
  }
  const others = [...plan].filter(([, given]) => given.length > 0).map(([id]) => id);
  const leftMs = patienceMs - patience.waitedMs(input.agents.filter(({ id }) => others.includes(id)));
  if (leftMs > 0) return { tasks: [], awaited: { agents: others, leftMs } };
  patience.leaveOut(input.agents, patienceMs);
  return { tasks: able, awaited: null };
}

function isReservedFor(context: Context, agent: string, book: BookView, id: string): boolean {
  const seen = book.seen.get(id);
  if (seen?.task.kind !== 'task') return false;
  const { task } = seen.task.note;
  return task.reserved?.agent === agent && reservationCounts(task, tipAgeMs(context, seen));
}

function inPlan({ tasks }: { readonly tasks: readonly TaskView[] }, plan: Plan, agent: string): TaskView[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return (plan.get(agent) ?? []).flatMap((id) => byId.get(id) ?? []);
}

type Candidate = PlanAgent & Awaitable;

/** The agents that live, as the records show them; of the one that asks, what its own clone says. */
function agentsFor(context: Context, agent: string, book: BookView, patience: Patience): Candidate[] {
  const work = workOf(book);
  const { limit } = context.registration;
  const others = liveAgents(agentsIn(context, book.read), book.tasks)
    .filter(({ id, status }) => id !== agent && (status === 'available' || status === 'busy'))
    .map(({ id, capabilities, limit, updatedAt }) => ({ id, capabilities, limit, news: updatedAt }))
    .filter((other) => !patience.isLeftOut(other));
  return [...others, { id: agent, capabilities: capabilitiesOf(context, agent), limit, news: '' }]
    .map((one) => ({ ...one, holds: work.holds.get(one.id) ?? [], given: work.given.get(one.id) ?? 0 }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

const endings: ReadonlySet<string> = new Set(['done', 'review', 'fail']);

/** Of a task that is over nothing but its log says who did it: the tip is enough, unless somebody wrote a note on it since. */
function workOf({ tasks, seen }: BookView) {
  const [holds, given] = [new Map<string, string[]>(), new Map<string, number>()];
  for (const { id, type, state, claim } of tasks) {
    if (type === 'lock') continue;
    if (claim) holds.set(claim.agent, [...(holds.get(claim.agent) ?? []), type]);
    const tip = seen.get(id)?.task;
    const ended = tip?.kind === 'task' && state !== 'open' && endings.has(tip.note.op) ? tip.note.by : undefined;
    const by = claim?.agent ?? ended;
    if (by !== undefined) given.set(by, (given.get(by) ?? 0) + 1);
  }
  return { holds, given };
}
