import { canDo, type Strategy } from './plan.ts';

/** `priority`: everybody may take all that it can do, the best first, and the claims decide. Nobody waits for anybody. */
export const byPriority: Strategy = ({ tasks, agents }) =>
  new Map(agents.map((agent) => [agent.id, tasks.filter((task) => canDo(agent, task)).map(({ id }) => id)]));
