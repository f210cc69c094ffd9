import type { TaskView } from '../domain/view.ts';
import { type WorkflowState, workflowView } from '../domain/workflow-view.ts';
import { groupBy } from './group-by.ts';
import { type NodeRow, nodesMax, noWorkflow, type WorkflowRow, workflowCharsMax, workflowsMax } from './rows.ts';
import { shownText } from './shown-text.ts';

/** Workflows with the drawing of each. A workflow is looked at anew only when one of its tasks, or of what they need, has moved. */
export class WorkflowRows {
  #known = new Map<string, { readonly mark: string; readonly state: WorkflowState }>();

  rows(tasks: readonly TaskView[], nodeState: (task: TaskView) => string) {
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const known = new Map<string, { readonly mark: string; readonly state: WorkflowState }>();
    const workflows: WorkflowRow[] = [];
    const nodes: NodeRow[] = [];
    for (const [id, own] of groupsOf(tasks)) {
      const all = withNeeds(own, byId);
      const mark = all.map((task) => `${task.id} ${task.state} ${task.updatedAt}`).join();
      const last = this.#known.get(id);
      const state = last?.mark === mark ? last.state : workflowView(id, own, all).state;
      known.set(id, { mark, state });
      workflows.push({ key: id, state, counts: countsOf(own, nodeState), total: own.length });
      nodes.push(...own.slice(0, nodesMax).map((task) => nodeRow(id, task, nodeState(task))));
    }
    this.#known = known;
    return { workflows, nodes };
  }
}

/** The youngest first; at the end what is of no workflow, but needs or is needed. */
function groupsOf(tasks: readonly TaskView[]): [string, TaskView[]][] {
  const groups = groupBy(
    tasks.filter(({ workflow }) => workflow !== null),
    ({ workflow }) => shownText(workflow ?? '', workflowCharsMax),
  );
  const youngest = [...groups].sort(([, a], [, b]) => (newest(a) < newest(b) ? 1 : -1)).slice(0, workflowsMax);
  const needed = new Set(tasks.flatMap((task) => (task.workflow === null ? task.needs : [])));
  const others = tasks.filter((task) => task.workflow === null && (task.needs.length > 0 || needed.has(task.id)));
  return others.length === 0 ? youngest : [...youngest, [noWorkflow, others]];
}

const newest = (tasks: readonly TaskView[]): string =>
  tasks
    .map(({ createdAt }) => createdAt)
    .sort()
    .at(-1) ?? '';

/** With all that they need, directly or not: what is stuck elsewhere keeps these from going on. */
function withNeeds(own: readonly TaskView[], byId: ReadonlyMap<string, TaskView>): TaskView[] {
  const all = new Set(own);
  for (const task of all) for (const need of task.needs) all.add(byId.get(need) ?? task);
  return [...all];
}

function countsOf(tasks: readonly TaskView[], nodeState: (task: TaskView) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const task of tasks) counts[nodeState(task)] = (counts[nodeState(task)] ?? 0) + 1;
  return counts;
}

const nodeRow = (workflow: string, task: TaskView, state: string): NodeRow => ({
  key: `${workflow} ${task.id}`,
  id: task.id,
  title: shownText(task.title, 80),
  state,
  agent: task.claim === null ? null : shownText(task.claim.agent, 64),
  needs: task.needs.slice(0, nodesMax),
});
