import type { Plan, PlanAgent, Strategy } from '../../src/domain/assignment/plan.ts';
import type { StatsRow } from '../../src/domain/stats.ts';

/** A fleet at work on one queue, by a strategy, in simulated time. */

/** mulberry32: 0 <= x < 1 */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface World {
  readonly agents: readonly string[];
  readonly tasks: readonly { readonly id: string; readonly type: string; readonly size: number }[];
  /** How long that agent takes for a task of this type whose size is 1. */
  readonly msOf: (agent: string, type: string) => number;
  readonly figures: readonly StatsRow[];
}

/** Workers with one place each, that look every poll, and after two take what they can get (coordinator/assigned-tasks.ts). */
export function makespanMs({ agents, tasks, msOf, figures }: World, strategy: Strategy, pollMs = 2000): number {
  const ready = [...tasks];
  const held = new Map<string, { type: string; untilMs: number }>();
  const looks = new Map(agents.map((agent, n) => [agent, { atMs: n, idleMs: null as number | null }]));
  let nowMs = 0;
  const plan = (): Plan => {
    const agentsNow = agents.map(
      (id): PlanAgent => ({
        id,
        capabilities: [],
        limit: 1,
        holds: held.has(id) ? [held.get(id)?.type ?? ''] : [],
        given: 0,
      }),
    );
    return strategy({
      tasks: ready.map((task) => ({ ...task, priority: 0, requires: [] })),
      agents: agentsNow,
      figures,
    });
  };
  for (;;) {
    const [agent, look] = [...looks].reduce((a, b) => (b[1].atMs < a[1].atMs ? b : a));
    nowMs = look.atMs;
    held.delete(agent);
    if (ready.length === 0) {
      looks.delete(agent);
      if (looks.size === 0) return nowMs;
      continue;
    }
    const isPatient = look.idleMs === null || nowMs - look.idleMs < 2 * pollMs;
    const id = isPatient ? plan().get(agent)?.[0] : ready[0]?.id;
    const at = ready.findIndex((task) => task.id === id);
    const [task] = at < 0 ? [] : ready.splice(at, 1);
    if (task === undefined) looks.set(agent, { atMs: nowMs + pollMs, idleMs: look.idleMs ?? nowMs });
    else {
      const untilMs = nowMs + task.size * msOf(agent, task.type);
      held.set(agent, { type: task.type, untilMs });
      looks.set(agent, { atMs: untilMs, idleMs: null });
    }
  }
}
