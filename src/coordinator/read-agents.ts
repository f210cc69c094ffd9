import { type AgentNote, type AgentRecord, shownAgent } from '../domain/agent.ts';
import { sightingGapMaxMs, standstillMs } from '../domain/lease-times.ts';
import type { TaskView } from '../domain/view.ts';
import type { BookRead } from '../store/record-store.ts';
import type { Context } from './context.ts';

export interface AgentView extends AgentRecord {
  observed: { ageMs: number };
}

/** The lease by which an agent's record counts as fresh; it beats with its claims. */
const agentTtlMs = 20_000;

/** All registered agents. @throws CoordError `unavailable` */
export const readAgents = async (context: Context): Promise<AgentView[]> =>
  agentsIn(context, await context.store.read([context.store.layout.all('agents')]));

/** Those that a read shows, with how long their record has stood still in this clone's eyes. */
export function agentsIn(context: Context, read: BookRead): AgentView[] {
  const folder = context.store.layout.all('agents');
  return [...read.records.values()].flatMap(({ ref, decoded }) => {
    // a read also shows which book it is of
    if (!decoded.ok || !ref.startsWith(folder)) return [];
    context.observed.saw(ref, decoded.oid, sightingGapMaxMs(agentTtlMs));
    return [
      {
        ...shownAgent(decoded.note as AgentNote),
        observed: { ageMs: Math.round(context.observed.ageMs(ref, decoded.oid, sightingGapMaxMs(agentTtlMs))) },
      },
    ];
  });
}

/**
 * The agents as they are: one that is at work, and whose record has stood still for the lease of what it holds, is offline
 * (by observation, as a claim expires). The record of one that holds nothing rests, and says nothing of whether it lives.
 */
export function liveAgents(agents: readonly AgentView[], tasks: readonly TaskView[]): AgentView[] {
  const ttls = new Map<string, number>();
  for (const { claim } of tasks) if (claim) ttls.set(claim.agent, Math.max(ttls.get(claim.agent) ?? 0, claim.ttlMs));
  return agents.map((agent) => {
    const stands = agent.observed.ageMs >= standstillMs(ttls.get(agent.id) ?? agentTtlMs);
    return agent.tasks.length > 0 && stands ? { ...agent, status: 'offline' } : agent;
  });
}
