import type { ClaimRow, TaskRow } from '../rows.ts';
import { useNow } from './now.ts';
import { Empty, More, Panel, TaskName } from './parts.tsx';
import { leaseWords, since } from './words.ts';

/** What is claimed: by whom, how far it is, and how long its lease lasts unless it is renewed. */
export function Work({ tasks, all }: { readonly tasks: readonly TaskRow[]; readonly all: number }) {
  return (
    <Panel id="work" title="In work" count={all}>
      {tasks.length === 0 && <Empty>Nobody holds a task.</Empty>}
      <ul class="rows">
        {tasks.map((task) => task.claim && <WorkRow key={task.key} task={task} claim={task.claim} />)}
      </ul>
      <More all={all} shown={tasks.length} command="git coord list --state claimed" />
    </Panel>
  );
}

function WorkRow({ task, claim }: { readonly task: TaskRow; readonly claim: ClaimRow }) {
  const nowMs = useNow();
  return (
    <li class="work-row">
      <TaskName id={task.key} title={task.title} />
      <p class="who">
        <bdi>{claim.agent}</bdi>
        <small>
          {since(claim.claimedAt, nowMs)}
          {task.attempts > 1 && `, try ${task.attempts} of ${task.triesMax}`}
        </small>
      </p>
      <Progress id={task.key} {...claim} />
      <Lease {...claim} />
    </li>
  );
}

function Progress({ id, text, percent }: Pick<ClaimRow, 'text' | 'percent'> & { readonly id: string }) {
  return (
    <div class="progress">
      <p>
        {percent !== null && <b>{Math.round(percent)} %</b>} {text === '' ? <i>no word yet</i> : <bdi>{text}</bdi>}
      </p>
      <progress max={100} value={percent ?? 0} aria-label={`progress of ${id}`} />
    </div>
  );
}

function Lease({ lapsesMs, ttlMs }: Pick<ClaimRow, 'lapsesMs' | 'ttlMs'>) {
  const leftMs = lapsesMs - useNow();
  const share = Math.min(1, Math.max(0, leftMs / ttlMs));
  const level = leftMs <= 0 ? 'out' : share < 0.34 ? 'low' : 'good';
  return (
    <div class={`lease ${level}`}>
      <p>
        <span class="hidden">lease: </span>
        {leaseWords(leftMs)}
      </p>
      <div class="gauge" aria-hidden="true">
        <span style={{ width: `${Math.round(100 * share)}%` }} />
      </div>
    </div>
  );
}
