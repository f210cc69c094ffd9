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
 * The agents as they are, which their own records, written now and then, don't say:
 *
 *   tasks    what each holds on the board: not what was taken over from it, or what it has ended since
 *   offline  at work by its record, which has stood still for the lease of what it holds (by observation, as a claim expires). The record
 *            of one that holds nothing rests, and says nothing of whether it lives
 *   busy     unless it holds nothing any more of the tasks for which it was
 */
export function liveAgents(agents: readonly AgentView[], tasks: readonly TaskView[]): AgentView[] {
  const held = new Map<string, { tasks: string[]; ttlMs: number }>();
  for (const { id, claim } of tasks) {
    if (claim === null) continue;
    const { tasks: others = [], ttlMs = 0 } = held.get(claim.agent) ?? {};
    held.set(claim.agent, { tasks: [...others, id], ttlMs: Math.max(ttlMs, claim.ttlMs) });
  }
  return agents.map((agent) => {
    const own = held.get(agent.id);
    const stands = agent.observed.ageMs >= standstillMs(own?.ttlMs ?? agentTtlMs);
    return { ...agent, tasks: own?.tasks.sort() ?? [], status: statusOf(agent, stands, own !== undefined) };
  });
}

function statusOf({ status, tasks }: AgentView, stands: boolean, holdsSome: boolean): AgentView['status'] {
  if (tasks.length === 0) return status;
  if (stands) return 'offline';
  return status === 'busy' && !holdsSome ? 'available' : status;
}
