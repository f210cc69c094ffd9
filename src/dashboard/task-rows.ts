import { blockedReasons, isBlocked } from '../domain/blocked.ts';
import { standstillMs } from '../domain/lease-times.ts';
import type { Blocker } from '../domain/readiness.ts';
import { blockerText } from '../domain/readiness-words.ts';
import type { TaskView } from '../domain/view.ts';
import { type ClaimRow, shownMax, type TaskGroup, type TaskRow, workflowCharsMax } from './rows.ts';
import { shownText } from './shown-text.ts';

export interface TasksLook {
  /** In the order in which they would be taken. */
  readonly tasks: readonly TaskView[];
  readonly blockers: ReadonlyMap<string, readonly Blocker[]>;
  /** Since when a claim is at its beat. */
  readonly movedMs: (task: TaskView) => number;
}

export type Groups = Readonly<Record<TaskGroup, readonly TaskView[]>>;

const reasonsMax = 3;
const labelsMax = 6;

/** What is over and went well is in no group. */
export function groupOf(task: TaskView, blockers: readonly Blocker[]): TaskGroup | null {
  if (task.claim !== null) return 'claimed';
  if (task.state === 'review' || task.state === 'failed') return task.state;
  if (task.state !== 'open') return null;
  if (blockers.length === 0) return 'ready';
  return isBlocked(task, blockers) ? 'blocked' : 'waiting';
}

export function groupsOf({ tasks, blockers }: TasksLook): Groups {
  const groups: Record<TaskGroup, TaskView[]> = {
    ...{ claimed: [], ready: [], blocked: [] },
    ...{ waiting: [], review: [], failed: [] },
  };
  for (const task of tasks) {
    const group = groupOf(task, blockers.get(task.id) ?? []);
    if (group !== null) groups[group].push(task);
  }
  // what is newest matters most where nothing goes by the queue
  for (const group of ['review', 'failed'] as const) groups[group].sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
  return groups;
}

/** The rows of all lists, of each as many as are shown. */
export function taskRows(look: TasksLook, groups: Groups): TaskRow[] {
  const byId = new Map(look.tasks.map((task) => [task.id, task]));
  const needsOf = (id: string) => byId.get(id)?.needs;
  return (Object.keys(groups) as TaskGroup[]).flatMap((group) =>
    groups[group].slice(0, shownMax[group]).map((task): TaskRow => {
      const blockers = look.blockers.get(task.id) ?? [];
      const reasons = group === 'blocked' ? blockedReasons(task, blockers, needsOf) : [];
      return {
        key: task.id,
        group,
        title: shownText(task.title),
        state: task.state,
        type: shownText(task.type, 40),
        priority: task.priority,
        workflow: task.workflow === null ? null : shownText(task.workflow, workflowCharsMax),
        labels: task.labels.slice(0, labelsMax).map((label) => shownText(label, 40)),
        attempts: task.attempts,
        triesMax: task.retryLimit + 1,
        createdAt: shownText(task.createdAt, 40),
        updatedAt: shownText(task.updatedAt, 40),
        claim: task.claim === null ? null : claimRow(task, task.claim, look.movedMs(task)),
        because: becauseOf(task, group, blockers, reasons),
        next: [...new Set(reasons.flatMap(({ next }) => next))].slice(0, reasonsMax),
      };
    }),
  );
}

function claimRow(task: TaskView, claim: NonNullable<TaskView['claim']>, movedMs: number): ClaimRow {
  const progress = claim.progress ?? task.progress;
  return {
    agent: shownText(claim.agent, 64),
    claimedAt: shownText(claim.claimedAt, 40),
    ttlMs: claim.ttlMs,
    movedMs: Math.round(movedMs),
    lapsesMs: Math.round(movedMs + standstillMs(claim.ttlMs)),
    text: shownText(progress?.text ?? ''),
    percent: progress?.percent ?? null,
  };
}

function becauseOf(
  task: TaskView,
  group: TaskGroup,
  blockers: readonly Blocker[],
  reasons: readonly { readonly text: string }[],
): string[] {
  if (group === 'failed') return task.error === null ? [] : [shownText(task.error.message)];
  if (group === 'review')
    return task.review === null ? [] : [shownText(`${task.review.branch} onto ${task.review.target}`)];
  // the seconds of a backoff change with every look
  if (group === 'waiting')
    return blockers.map((one) => shownText(one.why === 'backoff' ? 'waits before its next try' : blockerText(one)));
  const texts = reasons.map(({ text }) => shownText(text));
  const more = texts.length - reasonsMax;
  return more > 0 ? [...texts.slice(0, reasonsMax), `and ${more} more`] : texts;
}
