import { deal, least, type Seat } from './deal.ts';
import type { Strategy } from './plan.ts';

/**
 * `load_balanced`: a task goes to who has the smallest part of its places taken; among equals to who was given fewer tasks so far, then
 * by id. One each: whoever is fuller than another who can do the task gets nothing before that one has taken its own.
 */
export const byLoad: Strategy = (input) =>
  deal(input, (able) => {
    const lowest = Math.min(...able.map(load));
    const emptiest = able.filter((seat) => load(seat) === lowest && seat.hasPlace && seat.tasks.length === 0);
    return least(emptiest, ({ agent }) => agent.given);
  });

const load = ({ agent }: Seat): number => agent.holds.length / Math.max(1, agent.limit);
