import { useEffect, useState } from 'preact/hooks';
import { queueOrder } from '../../domain/readiness.ts';
import type { BookFact, CountsFact, FactRow, FiguresFact, PushesFact, TaskGroup, TaskRow } from '../rows.ts';
import { Agents } from './agents.tsx';
import { Charts } from './charts.tsx';
import { Events } from './events.tsx';
import { Header } from './header.tsx';
import { Attention, Blocked, Queue } from './lists.tsx';
import { type Connection, Live, type Tables } from './live.ts';
import { Now, useTick } from './now.ts';
import { Overview } from './overview.tsx';
import { OpenTask } from './parts.tsx';
import { TaskDialog } from './task-dialog.tsx';
import { Work } from './work.tsx';
import { Workflow } from './workflow.tsx';

const saidMs = 6000;
const keptWorkflow = 'git-coord-workflow';

/** What the page shows of what was told, drawn anew at most once in a frame. */
function useLive(): { live: Live; tables: Tables; connection: Connection } {
  const [, draw] = useState(0);
  const [live] = useState(() => {
    let isDue = false;
    return new Live(sessionStorage.getItem(keptWorkflow) ?? '', () => {
      if (isDue) return;
      isDue = true;
      setTimeout(() => {
        isDue = false;
        draw((count) => count + 1);
      }, 50);
    });
  });
  return { live, tables: live.tables, connection: live.connection };
}

export function App({ token }: { readonly token: string | null }) {
  const { live, tables, connection } = useLive();
  const nowMs = useTick(live.offsetMs);
  const [shown, setShown] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const facts = tables.facts as ReadonlyMap<string, FactRow>;
  const book = facts.get('book') as BookFact | undefined;
  const counts = facts.get('counts') as CountsFact | undefined;
  const figures = facts.get('figures') as FiguresFact | undefined;
  const pushes = facts.get('pushes') as PushesFact | undefined;
  const workflows = [...tables.workflows.values()];
  const isChosen = workflows.some(({ key }) => key === live.workflow);
  const first = (workflows.find(({ state }) => state === 'running') ?? workflows[0])?.key;
  const choose = (workflow: string): void => {
    sessionStorage.setItem(keptWorkflow, workflow);
    live.choose(workflow);
  };
  useEffect(() => {
    if (!isChosen && first !== undefined) live.choose(first);
  }, [isChosen, first, live]);
  useEffect(() => {
    const timer = setTimeout(() => setSaid(''), saidMs);
    return () => clearTimeout(timer);
  }, [said]);
  const project = book?.project;
  useEffect(() => {
    document.title = project === undefined ? 'git coord' : `${project} · git coord`;
  }, [project]);
  const inGroup = (...groups: TaskGroup[]): TaskRow[] =>
    [...tables.tasks.values()].filter(({ group }) => groups.includes(group)).sort(inQueueOrder);
  const attention = [...inGroup('failed'), ...inGroup('review')];
  return (
    <Now.Provider value={nowMs}>
      <OpenTask.Provider value={setShown}>
        <a class="skip" href="#main">
          To the lists
        </a>
        <Header book={book} connection={connection} mayAct={token !== null} />
        {/* said aloud: what somebody did here */}
        <p class={`said${said === '' ? '' : ' shown'}`} role="status">
          <bdi>{said}</bdi>
        </p>
        <main id="main">
          {counts && figures && pushes ? (
            <>
              <Overview counts={counts} figures={figures} pushes={pushes} />
              <div class="columns">
                <div class="main">
                  <Attention tasks={attention} all={counts.groups.failed + counts.groups.review} />
                  <Work tasks={inGroup('claimed').sort(longestFirst)} all={counts.groups.claimed} />
                  <div class="pair">
                    <Queue tasks={inGroup('ready')} all={counts.groups.ready} paused={book?.paused ?? null} />
                    <Blocked
                      tasks={[...inGroup('blocked'), ...inGroup('waiting')]}
                      all={counts.groups.blocked + counts.groups.waiting}
                    />
                  </div>
                  <Workflow
                    workflows={workflows}
                    nodes={[...tables.nodes.values()].filter(({ key }) => key.startsWith(`${live.workflow} `))}
                    chosen={live.workflow}
                    onChoose={choose}
                  />
                  <Charts periods={[...tables.periods.values()]} nowMs={nowMs} />
                </div>
                <div class="side">
                  <Agents agents={[...tables.agents.values()]} all={counts.agents} />
                  <Events events={[...tables.events.values()].sort((a, b) => b.n - a.n)} />
                </div>
              </div>
            </>
          ) : (
            <p class="empty first">{book?.away?.message ?? 'Looks at the book …'}</p>
          )}
        </main>
        {shown !== null && (
          <TaskDialog
            key={shown}
            id={shown}
            task={tables.tasks.get(shown)}
            node={[...tables.nodes.values()].find(({ id }) => id === shown)}
            token={token}
            onClose={() => setShown(null)}
            onDone={setSaid}
          />
        )}
      </OpenTask.Provider>
    </Now.Provider>
  );
}

const inQueueOrder = (a: TaskRow, b: TaskRow): number => queueOrder({ ...a, id: a.key }, { ...b, id: b.key });
const longestFirst = (a: TaskRow, b: TaskRow): number =>
  (a.claim?.claimedAt ?? '') < (b.claim?.claimedAt ?? '') ? -1 : 1;
