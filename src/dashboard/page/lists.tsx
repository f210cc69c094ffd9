import type { TaskRow } from '../rows.ts';
import { useNow } from './now.ts';
import { Empty, More, Panel, State, TaskName } from './parts.tsx';
import { since } from './words.ts';

interface ListProps {
  readonly tasks: readonly TaskRow[];
  readonly all: number;
}

/** What can be taken, in the order in which it will be. */
export function Queue({ tasks, all, paused }: ListProps & { readonly paused: string | null }) {
  const nowMs = useNow();
  return (
    <Panel id="queue" title="Queue" count={all}>
      {paused !== null && <p class="paused">{paused}</p>}
      {tasks.length === 0 && <Empty>Nothing is ready.</Empty>}
      <ol class="rows numbered">
        {tasks.map((task) => (
          <li key={task.key} class="queue-row">
            <TaskName id={task.key} title={task.title} />
            <p class="facts">
              {task.priority !== 0 && (
                <b class="priority" title="priority">
                  {task.priority > 0 ? `+${task.priority}` : task.priority}
                </b>
              )}
              <small>{since(task.createdAt, nowMs)}</small>
            </p>
          </li>
        ))}
      </ol>
      <More all={all} shown={tasks.length} command="git coord ready" />
    </Panel>
  );
}

/** What can't begin, and why. */
export function Blocked({ tasks, all }: ListProps) {
  return (
    <Panel id="blocked" title="Blocked" count={all}>
      {tasks.length === 0 && <Empty>Nothing is blocked.</Empty>}
      <ul class="rows">
        {tasks.map((task) => (
          <Because key={task.key} task={task} />
        ))}
      </ul>
      <More all={all} shown={tasks.length} command="git coord blocked" />
    </Panel>
  );
}

/** What somebody should look at. */
export function Attention({ tasks, all }: ListProps) {
  if (all === 0) return null;
  return (
    <Panel id="attention" title="For you to look at" count={all}>
      <ul class="rows">
        {tasks.map((task) => (
          <Because key={task.key} task={task} withState />
        ))}
      </ul>
      <More all={all} shown={tasks.length} command="git coord list --state review,failed" />
    </Panel>
  );
}

function Because({ task, withState = false }: { readonly task: TaskRow; readonly withState?: boolean }) {
  return (
    <li class="because-row">
      <TaskName id={task.key} title={task.title} />
      <p class="because">
        {withState && <State state={task.group} />}
        {task.because.map((text) => (
          <bdi key={text}>{text}</bdi>
        ))}
      </p>
    </li>
  );
}
