import type { Json } from '../../domain/task.ts';
import type { Found } from '../found-tasks.ts';
import { dateOf, type Fields, type ForeignTask, fieldsIn, isFields, textOf, textsOf, wordOf } from './foreign-task.ts';

/** An issue a line, as `bd export` and `.beads/issues.jsonl` have them. */

export const isBeads = (value: unknown): boolean =>
  isFields(value) && ('issue_type' in value || '_type' in value || ('status' in value && 'created_at' in value));

/** What is no work: messages, events, records of agents. */
const otherTypes = ['message', 'event', 'agent', 'role', 'gate', 'molecule', 'convoy'];

/** Null: no task, or one that was deleted. */
export function beadsTask({ value, place }: Found): ForeignTask | null {
  if (!isFields(value)) return null;
  const status = textOf(value.status) ?? 'open';
  const type = textOf(value.issue_type);
  const isOther = (value._type !== undefined && value._type !== 'issue') || otherTypes.includes(type ?? '');
  if (isOther || status === 'tombstone' || value.is_template === true) return null;
  const links = fieldsIn(value.dependencies);
  const linked = (...types: string[]) =>
    links.filter((link) => types.includes(wordOf(link.type))).flatMap((link) => textsOf(link.depends_on_id));
  const others = links
    .filter((link) => !['blocks', 'waits-for', 'parent-child'].includes(wordOf(link.type)))
    .map((link) => ({ type: link.type ?? null, id: link.depends_on_id ?? null }));
  return {
    id: wordOf(value.id),
    title: value.title,
    texts: [
      [null, value.description],
      ['Design', value.design],
      ['Acceptance criteria', value.acceptance_criteria],
      ['Notes', value.notes],
    ],
    type,
    // theirs go from 0, the highest, to 4; 2 is usual
    priority: typeof value.priority === 'number' ? 2 - value.priority : 0,
    labels: [...textsOf(value.labels), ...(plainStates.includes(status) ? [] : [status])],
    needs: linked('blocks', 'waits-for'),
    parent: linked('parent-child')[0] ?? null,
    state: status === 'closed' ? 'done' : status === 'in_progress' || status === 'hooked' ? 'claimed' : 'open',
    result: status === 'closed' && textOf(value.close_reason) ? { reason: value.close_reason as Json } : undefined,
    notes: notesOf(value),
    notBefore: dateOf(value.defer_until),
    createdAt: dateOf(value.created_at),
    createdBy: textOf(value.created_by),
    kept: {
      status,
      priority: value.priority,
      assignee: value.assignee,
      due_at: value.due_at,
      external_ref: value.external_ref,
      estimated_minutes: value.estimated_minutes,
      closed_at: value.closed_at,
      links: others.length > 0 ? others : undefined,
    },
    place,
  };
}

const plainStates = ['open', 'in_progress', 'hooked', 'closed'];

const notesOf = ({ comments }: Fields): ForeignTask['notes'] =>
  fieldsIn(comments).flatMap(({ author, created_at, text }) => {
    const words = textOf(text);
    return words === undefined
      ? []
      : [
          {
            by: (textOf(author) ?? 'beads').slice(0, 200),
            at: dateOf(created_at) ?? 'unknown',
            text: words.slice(0, 20_000),
          },
        ];
  });
