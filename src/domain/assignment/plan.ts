import { lacking } from '../readiness.ts';
import type { StatsRow } from '../stats.ts';

/**
 * Who is to take which ready task. Every agent makes the same plan from the same records, and takes what it gives it; an agent that
 * it gives nothing waits for two polls, and then takes whatever it can do (coordinator/assigned-tasks.ts). Nothing of safety rests
 * on a plan: two agents with different ones meet in the compare-and-swap of a claim.
 *
 *   input      ready tasks, agents that live (the one that asks among them), figures from the logs
 *   plan       for each agent the tasks that it is to take at once, in that order: never one that it lacks a skill for, never more than
 *              it has places for, and never one while another is ready that it can do and that has a higher priority, whoever is to
 *              take that: it may be away
 */
export interface PlanTask {
  readonly id: string;
  readonly type: string;
  readonly priority: number;
  readonly requires: readonly string[];
}

export interface PlanAgent {
  readonly id: string;
  readonly capabilities: readonly string[];
  /** How many tasks it may hold at once. */
  readonly limit: number;
  /** The types of those that it holds. */
  readonly holds: readonly string[];
  /** How many tasks of the book it holds or has finished. */
  readonly given: number;
}

export interface PlanInput {
  /** In the order of the queue. */
  readonly tasks: readonly PlanTask[];
  /** In the order of their ids. */
  readonly agents: readonly PlanAgent[];
  readonly figures: readonly StatsRow[];
}

/** By agent: ids of tasks. */
export type Plan = ReadonlyMap<string, readonly string[]>;
export type Strategy = (input: PlanInput) => Plan;

export const canDo = ({ capabilities }: PlanAgent, task: PlanTask): boolean => lacking(task, capabilities).length === 0;

/** The tasks that an agent may be given: all of one priority. */
export function bestFor(agent: PlanAgent, tasks: readonly PlanTask[]): ReadonlySet<PlanTask> {
  const able = tasks.filter((task) => canDo(agent, task));
  return new Set(able.filter(({ priority }) => priority === able[0]?.priority));
}

export const placesOf = ({ limit, holds }: PlanAgent): number => Math.max(0, limit - holds.length);
