import { bestFor, type Plan, type PlanAgent, type PlanInput, type PlanTask, placesOf } from './plan.ts';

/** An agent while tasks are dealt. */
export interface Seat {
  readonly agent: PlanAgent;
  /** What this plan gives it so far. */
  readonly tasks: string[];
  /** It can take one more at once. */
  readonly hasPlace: boolean;
}

/** Which of those who can do a task gets it; null: none of them now. `able` has those without a place, too. */
export type Choose = (able: readonly Seat[], task: PlanTask) => Seat | null;

/** Deals tasks one by one, of equal priority those first that few can do. */
export function deal({ tasks, agents }: PlanInput, choose: Choose): Plan {
  const seats = agents.map((agent) => new DealtSeat(agent, bestFor(agent, tasks)));
  const ableFor = new Map(tasks.map((task) => [task, seats.filter(({ best }) => best.has(task))]));
  const scarcity = (task: PlanTask) => ableFor.get(task)?.length ?? 0;
  const inOrder = [...tasks].sort((a, b) => b.priority - a.priority || scarcity(a) - scarcity(b));
  for (const task of inOrder) {
    const able = ableFor.get(task) ?? [];
    if (able.some(({ hasPlace }) => hasPlace)) choose(able, task)?.tasks.push(task.id);
  }
  return new Map(seats.map(({ agent, tasks }) => [agent.id, tasks]));
}

class DealtSeat implements Seat {
  readonly agent: PlanAgent;
  readonly best: ReadonlySet<PlanTask>;
  readonly tasks: string[] = [];

  constructor(agent: PlanAgent, best: ReadonlySet<PlanTask>) {
    this.agent = agent;
    this.best = best;
  }

  get hasPlace(): boolean {
    return this.tasks.length < placesOf(this.agent);
  }
}

/** The first with the least, by several measures, the more telling first; null: there is none. */
export function least<T>(items: readonly T[], ...measures: readonly ((item: T) => number)[]): T | null {
  const isLess = (a: T, b: T): boolean => {
    for (const measure of measures) if (measure(a) !== measure(b)) return measure(a) < measure(b);
    return false;
  };
  return items.reduce<T | null>((best, item) => (best === null || isLess(item, best) ? item : best), null);
}
