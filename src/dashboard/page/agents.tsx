import type { AgentRow } from '../rows.ts';
import { useNow } from './now.ts';
import { Empty, More, Panel, TaskName } from './parts.tsx';
import { counted, since, span } from './words.ts';

const order = ['busy', 'error', 'available', 'initializing', 'offline'];
const atWorkFirst = (a: AgentRow, b: AgentRow): number =>
  order.indexOf(a.status) - order.indexOf(b.status) || (a.key < b.key ? -1 : 1);

export function Agents({ agents, all }: { readonly agents: readonly AgentRow[]; readonly all: number }) {
  return (
    <Panel id="agents" title="Agents" count={all}>
      {agents.length === 0 && <Empty>No agent has registered: the first claim does it.</Empty>}
      <ul class="rows">
        {agents.toSorted(atWorkFirst).map((agent) => (
          <Agent key={agent.key} agent={agent} />
        ))}
      </ul>
      <More all={all} shown={agents.length} command="git coord agents" />
    </Panel>
  );
}

function Agent({ agent }: { readonly agent: AgentRow }) {
  const nowMs = useNow();
  const { key, status, host, tasks, held, movedMs, succeeded, failed } = agent;
  return (
    <li class={`agent a-${status}`}>
      <p class="name">
        <span class="dot" aria-hidden="true" />
        <bdi>{key}</bdi>
        <small class="status">{status}</small>
        <small class="record" title={`${counted(succeeded, 'task')} done, ${failed} failed`}>
          {succeeded}
          <span class="hidden"> done</span>
          {failed > 0 && (
            <span class="bad">
              {' '}
              · {failed}
              <span class="hidden"> failed</span>
            </span>
          )}
        </small>
      </p>
      {tasks.map((task) => (
        <TaskName key={task.id} {...task} />
      ))}
      {held > tasks.length && <p class="more">and {held - tasks.length} more</p>}
      <p class="sub">
        {host !== '' && <bdi>{host}</bdi>}
        {host !== '' && ' · '}
        {held > 0 ? `at work for ${since(agent.since, nowMs)}` : `for ${since(agent.since, nowMs)}`}
        {held > 0 && movedMs !== null && ` · beat ${span(nowMs - movedMs)} ago`}
      </p>
    </li>
  );
}
