import { least } from './deal.ts';
import { estimatesOf } from './estimate.ts';
import { bestFor, type Plan, type PlanAgent, type PlanInput, type PlanTask } from './plan.ts';

/** A place of an agent for one task, while a schedule is made. */
interface Place {
  readonly agent: PlanAgent;
  /** When it is free, in milliseconds from now. */
  freeMs: number;
}

/**
 * `predictive`: list scheduling. Of equal priority the longest go first, each to the place where it is expected to end first (estimate.ts),
 * be it one that is busy now. The plan gives what begins at once; what is to begin later is nobody's yet.
 */
export function byFinish({ tasks, agents, figures }: PlanInput): Plan {
  const expectedMs = estimatesOf(figures);
  const places = agents.flatMap((agent) => placesIn(agent, tasks.length, expectedMs));
  const plan = new Map<string, string[]>(agents.map(({ id }) => [id, []]));
  const bests = new Map(agents.map((agent) => [agent, bestFor(agent, tasks)]));
  for (const task of longestFirst(tasks, agents, expectedMs)) {
    if (places.every(({ freeMs }) => freeMs > 0)) break;
    const able = places.filter(({ agent }) => bests.get(agent)?.has(task));
    const endMs = ({ agent, freeMs }: Place) => freeMs + expectedMs(agent.id, task.type);
    const first = least(able, endMs);
    if (first?.freeMs === 0) plan.get(first.agent.id)?.push(task.id);
    if (first !== null) first.freeMs = endMs(first);
  }
  return plan;
}

/** Nobody knows how long a task has been in work: on average half of it is left. */
function placesIn(agent: PlanAgent, tasks: number, expectedMs: (agent: string, type: string) => number): Place[] {
  const busy = agent.holds.slice(0, agent.limit).map((type) => ({ agent, freeMs: expectedMs(agent.id, type) / 2 }));
  const free = Math.min(tasks, agent.limit - busy.length);
  return [...busy, ...Array.from({ length: free }, () => ({ agent, freeMs: 0 }))];
}

function longestFirst(
  tasks: readonly PlanTask[],
  agents: readonly PlanAgent[],
  expectedMs: (agent: string, type: string) => number,
) {
  const types = [...new Set(tasks.map(({ type }) => type))];
  const sum = (type: string) => agents.reduce((ms, { id }) => ms + expectedMs(id, type), 0);
  const lengths = new Map(types.map((type) => [type, sum(type)]));
  return [...tasks].sort((a, b) => b.priority - a.priority || (lengths.get(b.type) ?? 0) - (lengths.get(a.type) ?? 0));
}
