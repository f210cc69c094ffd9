import type { AgentView } from '../coordinator/read-agents.ts';
import type { Tenure } from '../domain/stats.ts';
import type { TaskView } from '../domain/view.ts';
import { groupBy } from './group-by.ts';
import { type AgentRow, agentsMax } from './rows.ts';
import { shownText } from './shown-text.ts';

export interface AgentsLook {
  /** As they are (`liveAgents`). */
  readonly agents: readonly AgentView[];
  readonly claimed: readonly TaskView[];
  readonly movedMs: (agent: AgentView) => number;
  readonly tenures: readonly Tenure[];
}

const tasksMax = 3;
const skillsMax = 5;
const order = ['busy', 'error', 'available', 'initializing', 'offline'];

/** Who is there, those at work first; also who holds something without a record of its own. */
export function agentRows({ agents, claimed, movedMs, tenures }: AgentsLook): AgentRow[] {
  const held = groupBy(claimed, (task) => task.claim?.agent ?? '');
  const ended = groupBy(tenures, ({ agent }) => agent);
  const known = new Set(agents.map(({ id }) => id));
  const unknown = [...held.keys()].filter((id) => !known.has(id));
  const rowOf = (id: string, agent: AgentView | null): AgentRow => {
    const own = (held.get(id) ?? []).toSorted((a, b) => compare(a.claim?.claimedAt, b.claim?.claimedAt));
    const of = ended.get(id) ?? [];
    return {
      key: id,
      status: agent?.status ?? 'busy',
      host: shownText(agent?.host ?? '', 60),
      limit: agent?.limit ?? 0,
      capabilities: (agent?.capabilities ?? []).slice(0, skillsMax).map((skill) => shownText(skill, 30)),
      tasks: own.slice(0, tasksMax).map((task) => ({ id: task.id, title: shownText(task.title, 80) })),
      held: own.length,
      since: shownText(own[0]?.claim?.claimedAt ?? agent?.updatedAt ?? '', 40),
      movedMs: agent === null ? null : Math.round(movedMs(agent)),
      succeeded: of.filter(({ end }) => end === 'succeeded').length,
      failed: of.filter(({ end }) => end === 'failed').length,
    };
  };
  return [...agents.map((agent) => rowOf(agent.id, agent)), ...unknown.map((id) => rowOf(id, null))]
    .sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status) || compare(a.key, b.key))
    .slice(0, agentsMax);
}

const compare = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0);
