import { formatDuration } from '../config/durations.ts';
import type { ClaimView, TaskView } from '../domain/view.ts';
import type { Context } from './frame/context.ts';
import { table } from './frame/table.ts';
import { manyLines, oneLine } from './frame/text.ts';

/** Tasks for people. Texts of others are made safe for a terminal. */

/** What stands behind a task's state in one word or two. */
export function stateText(task: TaskView): string {
  if (task.claim) return `${task.claim.mine ? 'yours' : task.claim.agent}${percentText(task)}`;
  if (task.state !== 'open') return task.state;
  if (task.ready) return 'ready';
  if (task.type === 'lock') return 'free lock';
  if (task.type === 'external') return 'by name';
  const { length: count } = task.blockedBy;
  if (count === 0) return 'waiting';
  return count > needsShown ? `needs ${count} tasks` : `needs ${task.blockedBy.join(' ')}`;
}

const needsShown = 3;

const percentText = (task: TaskView): string =>
  typeof task.progress?.percent === 'number' ? ` ${task.progress.percent} %` : '';

export function taskTable(context: Context, tasks: readonly TaskView[]): string {
  const { style, terminal } = context;
  const columns = [
    { title: 'ID', paint: style.cyan },
    { title: 'PRIO', align: 'right' as const },
    { title: 'STATE', flexible: true },
    { title: 'TERM', align: 'right' as const },
    { title: 'TITLE', flexible: true },
  ];
  const rows = tasks.map((task) => [task.id, String(task.priority), stateText(task), String(task.term), task.title]);
  return table(columns, rows, { columns: terminal.columns, header: style.dim });
}

/** Every field that says something, a line each. */
export function taskText(context: Context, task: TaskView): string {
  const { style } = context;
  const fields: [string, string | null][] = [
    ['state', `${task.state}${task.ready ? ', ready' : ''}${task.archived ? ', archived' : ''}`],
    ['blocked', task.blockedBy.length > 0 ? `needs ${task.blockedBy.join(', ')}` : null],
    ['type', task.type],
    ['priority', String(task.priority)],
    ['labels', task.labels.join(', ')],
    ['needs', task.needs.join(', ')],
    ['requires', task.requires.join(', ')],
    ['term', `${task.term}, attempt ${task.attempts} of ${task.retryLimit + 1}`],
    ['held by', task.claim ? holderText(task.claim) : null],
    ['progress', task.progress ? `${oneLine(task.progress.text)}${percentText(task)} (${task.progress.at})` : null],
    ['error', task.error ? `${task.error.code}: ${task.error.message}` : null],
    ['landed', task.landed ? `on ${task.landed.ref} as ${task.landed.commit}` : null],
    ['review', task.review ? `${task.review.branch} for ${task.review.target}` : null],
    ['result', task.result === null ? null : JSON.stringify(task.result)],
    ['payload', task.payload === null ? null : JSON.stringify(task.payload)],
    ['timeout', formatDuration(task.timeoutMs)],
    ['created', `${task.createdAt} by ${task.createdBy}`],
    ['updated', task.updatedAt],
  ];
  const lines = fields.flatMap(([name, text]) => (text ? [`  ${style.dim(name.padEnd(8))}  ${oneLine(text)}`] : []));
  const description =
    task.description === ''
      ? []
      : [
          '',
          ...manyLines(task.description)
            .split('\n')
            .map((line) => `  ${line}`),
        ];
  const notes = task.notes.map(
    (note) => `  ${style.dim('note')}      ${oneLine(`${note.by}, ${note.at}: ${note.text}`)}`,
  );
  return `${[`${style.bold(task.id)}  ${oneLine(task.title)}`, ...lines, ...description, ...notes].join('\n')}\n`;
}

export function holderText(claim: ClaimView): string {
  const since = claim.claimedAt ? ` since ${claim.claimedAt}` : '';
  const fresh = claim.observed.expired ? ', expired' : '';
  return `${claim.agent}${claim.mine ? ' (you)' : ''}${since}, lease ${formatDuration(claim.ttlMs)}${fresh}`;
}
