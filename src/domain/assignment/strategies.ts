import { byFinish } from './by-finish.ts';
import { byLoad } from './by-load.ts';
import { byPriority } from './by-priority.ts';
import { bySkill } from './by-skill.ts';
import { byTurn } from './by-turn.ts';
import type { Strategy } from './plan.ts';

/** By the names that `tasks.assignment_strategy` knows. */
export const strategies = {
  priority: byPriority,
  skill_based: bySkill,
  round_robin: byTurn,
  load_balanced: byLoad,
  predictive: byFinish,
} as const satisfies Record<string, Strategy>;

export type StrategyName = keyof typeof strategies;
