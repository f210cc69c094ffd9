import { canDo, type Plan, type PlanAgent, type PlanInput, type PlanTask, placesOf } from './plan.ts';

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
  const seats = agents.map((agent) => new DealtSeat(agent));
  const ableFor = new Map(tasks.map((task) => [task, seats.filter(({ agent }) => canDo(agent, task))]));
  const scarcity = (task: PlanTask) => ableFor.get(task)?.length ?? 0;
  const inOrder = [...tasks].sort((a, b) => b.priority - a.priority || scarcity(a) - scarcity(b));
  for (const task of inOrder) {
    const able = (ableFor.get(task) ?? []).filter((seat) => task.priority >= seat.priorityMin);
    const seat = able.some(({ hasPlace }) => hasPlace) ? choose(able, task) : null;
    if (seat !== null) seat.tasks.push(task.id);
    // it stays ready: nobody may pass it over for a lower one
    else for (const one of able) one.priorityMin = task.priority;
  }
  return new Map(seats.map(({ agent, tasks }) => [agent.id, tasks]));
}

class DealtSeat implements Seat {
  readonly agent: PlanAgent;
  readonly tasks: string[] = [];
  priorityMin = Number.NEGATIVE_INFINITY;

  constructor(agent: PlanAgent) {
    this.agent = agent;
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
