import { deal, least, type Seat } from './deal.ts';
import type { PlanAgent, Strategy } from './plan.ts';

/** Nobody comes to be further ahead of another. */
const aheadMax = 2;
/** Who is further behind has come later, or was away. */
const behindMax = 20;

/**
 * `round_robin`: who was given the fewest tasks is next, among equals by id, and nobody comes to be more than 2 ahead of another who can
 * do the task: not even of one that is busy now. One who is more than 20 behind neither is waited for, nor waits, until it has caught up.
 */
export const byTurn: Strategy = (input) => {
  const turns = turnsOf(input.agents);
  const turn = ({ agent }: Seat) => turns.get(agent.id) ?? 0;
  return deal(input, (able) => {
    const last = Math.min(...able.map(turn));
    const isNext = (seat: Seat) => seat.hasPlace && turn(seat) + seat.tasks.length < last + aheadMax;
    return least(able.filter(isNext), (seat) => turn(seat) + seat.tasks.length);
  });
};

/** How many each was given; of late comers as many as of the last of the others. */
function turnsOf(agents: readonly PlanAgent[]): Map<string, number> {
  const ahead = Math.max(...agents.map(({ given }) => given));
  const floor = Math.min(...agents.map(({ given }) => given).filter((given) => given >= ahead - behindMax));
  return new Map(agents.map(({ id, given }) => [id, Math.max(given, floor)]));
}
