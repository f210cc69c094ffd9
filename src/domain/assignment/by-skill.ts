import { deal, least, type Seat } from './deal.ts';
import type { PlanAgent, Strategy } from './plan.ts';

/**
 * `skill_based`: a task goes to whose skills it leaves the least unused, of those with a place. A skill that only few agents have weighs
 * more: whoever has it is kept for what needs it. Among equals: who has fewer tasks, then by id.
 */
export const bySkill: Strategy = (input) => {
  const weight = weights(input.agents);
  return deal(input, (able, { requires }) => {
    const unused = ({ agent }: Seat) =>
      [...new Set(agent.capabilities)]
        .filter((skill) => !requires.includes(skill))
        .reduce((sum, skill) => sum + (weight.get(skill) ?? 0), 0);
    const free = able.filter(({ hasPlace }) => hasPlace);
    return least(free, unused, ({ agent, tasks }) => agent.holds.length + tasks.length);
  });
};

/** By skill: one by the number of agents that have it. */
function weights(agents: readonly PlanAgent[]): Map<string, number> {
  const having = new Map<string, number>();
  for (const { capabilities } of agents)
    for (const skill of new Set(capabilities)) having.set(skill, (having.get(skill) ?? 0) + 1);
  return new Map([...having].map(([skill, count]) => [skill, 1 / count]));
}
