import { useContext, useMemo, useState } from 'preact/hooks';
import { type NodeRow, noWorkflow, type WorkflowRow } from '../rows.ts';
import { beside, type Layout, layOut } from './graph-layout.ts';
import { Empty, OpenTask, Panel, State } from './parts.tsx';
import { wordsOf } from './words.ts';

interface Props {
  readonly workflows: readonly WorkflowRow[];
  readonly nodes: readonly NodeRow[];
  readonly chosen: string;
  readonly onChoose: (workflow: string) => void;
}

const size = { width: 164, height: 56, across: 204, down: 68 };

export function Workflow({ workflows, nodes, chosen, onChoose }: Props) {
  const workflow = workflows.find(({ key }) => key === chosen);
  const choice = workflows.length > 1 && (
    <label class="choice">
      <span class="hidden">Workflow</span>
      <select value={chosen} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
        {workflows.map((one) => (
          <option key={one.key} value={one.key}>
            {choiceOf(one)}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel id="workflow" title="Workflow" aside={choice}>
      {workflow === undefined ? (
        <Empty>No task needs another, and there is no workflow.</Empty>
      ) : (
        <>
          <p class="summary">
            <b>
              <bdi>{nameOf(workflow)}</bdi>
            </b>{' '}
            {Object.entries(workflow.counts).map(([state, count]) => (
              <span key={state} class="counted">
                {count} <State state={state} />
              </span>
            ))}
          </p>
          {nodes.length > 0 && <Graph nodes={nodes} />}
          {workflow.total > nodes.length && nodes.length > 0 && (
            <p class="more">
              The first {nodes.length} of {workflow.total}: <code>git coord workflow show {workflow.key}</code>
            </p>
          )}
        </>
      )}
    </Panel>
  );
}

/** What belongs to no workflow has no state together. */
const choiceOf = (row: WorkflowRow): string => (row.key === noWorkflow ? nameOf(row) : `${nameOf(row)}: ${row.state}`);
const nameOf = ({ key }: WorkflowRow): string => (key === noWorkflow ? 'tasks of no workflow' : key);

function Graph({ nodes }: { readonly nodes: readonly NodeRow[] }) {
  const open = useContext(OpenTask);
  const shape = nodes.map(({ id, needs }) => `${id}<${needs.join()}`).join(' ');
  const layout = useMemo(() => layOut(nodes), [shape]);
  const [chosen, setChosen] = useState('');
  // one stop of the tab key; the arrows lead from task to task
  const at = layout.places.has(chosen) ? chosen : nodes[0]?.id;
  const move = (event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void => {
    const to = at === undefined ? null : beside(layout, at, event.key);
    if (to === null) return;
    event.preventDefault();
    setChosen(to);
    event.currentTarget.querySelector<HTMLElement>(`[data-task="${CSS.escape(to)}"]`)?.focus();
  };
  const doneIds = new Set(nodes.filter(({ state }) => state === 'done').map(({ id }) => id));
  const width = layout.columns.length * size.across - (size.across - size.width);
  const height = layout.rows * size.down - (size.down - size.height);
  return (
    <div class="graph">
      <div class="canvas" style={{ width: `${width}px`, height: `${height}px` }}>
        <svg width={width} height={height} aria-hidden="true">
          {layout.edges.map(({ from, to }) => (
            <path key={`${from} ${to}`} class={doneIds.has(from) ? 'met' : ''} d={curve(layout, from, to)} />
          ))}
        </svg>
        <ul onKeyDown={move}>
          {nodes.map((node) => (
            <li key={node.id} style={place(layout, node.id)}>
              <button
                type="button"
                class={`node s-${node.state}`}
                data-task={node.id}
                tabIndex={node.id === at ? 0 : -1}
                onFocus={() => setChosen(node.id)}
                onClick={() => open(node.id)}
                title={node.title}
              >
                <bdi class="title">{node.title}</bdi>
                <span class="sub">
                  {wordsOf(node.state)}
                  {node.agent !== null && (
                    <>
                      {' '}
                      · <bdi>{node.agent}</bdi>
                    </>
                  )}
                </span>
                {node.needs.length > 0 && <span class="hidden">, needs {node.needs.join(', ')}</span>}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** Columns that are shorter stand in the middle. */
function corner({ places, columns, rows }: Layout, id: string): { x: number; y: number } {
  const { column, row } = places.get(id) ?? { column: 0, row: 0 };
  return { x: column * size.across, y: (row + (rows - (columns[column] ?? 0)) / 2) * size.down };
}

function place(layout: Layout, id: string) {
  const { x, y } = corner(layout, id);
  return { left: `${x}px`, top: `${y}px` };
}

function curve(layout: Layout, from: string, to: string): string {
  const [a, b] = [corner(layout, from), corner(layout, to)];
  const [x1, y1, x2, y2] = [a.x + size.width, a.y + size.height / 2, b.x, b.y + size.height / 2];
  const bend = Math.max(18, Math.min(80, (x2 - x1) / 2));
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
