import { readDocument } from '../document-file.ts';
import { use } from '../found-tasks.ts';
import { dateOf, type Fields, type ForeignTask, isFields, textOf, textsOf, wordOf } from './foreign-task.ts';

/** A task a file, with front matter, as Backlog.md keeps them in `backlog/tasks`. */

const form = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;

/**
 * Null: no such file.
 * @param lastStatus what a task has that is done, beside `Done`
 * @throws CoordError `usage` when its front matter is broken
 */
export async function backlogTask(text: string, name: string, lastStatus = 'Done'): Promise<ForeignTask | null> {
  const [all = '', head = ''] = form.exec(text) ?? [];
  if (!/^id:/m.test(head) || !/^title:/m.test(head)) return null;
  // the line above it keeps the numbers of lines as they are
  const { plain, placeOf } = await readDocument(`\n${head}`, name, use);
  return isFields(plain) ? foreign(plain, text.slice(all.length), placeOf, lastStatus) : null;
}

const priorities: Readonly<Record<string, number>> = { high: 1, medium: 0, low: -1 };
const openStates = ['to do', 'todo', 'backlog', ''];
const workStates = ['in progress', 'doing'];

function foreign(
  fields: Fields,
  body: string,
  placeOf: (path: readonly PropertyKey[]) => string,
  lastStatus: string,
): ForeignTask {
  const status = wordOf(fields.status);
  const folded = status.toLowerCase();
  const isDone = ['done', 'completed', 'complete', lastStatus.toLowerCase()].includes(folded);
  const isPlain = isDone || openStates.includes(folded) || workStates.includes(folded);
  return {
    id: wordOf(fields.id),
    title: typeof fields.title === 'number' ? String(fields.title) : fields.title,
    texts: [[null, body.replace(/^[ \t]*<!--.*?-->[ \t]*\r?\n?/gm, '')]],
    type: textOf(fields.type),
    priority: priorities[textOf(fields.priority)?.toLowerCase() ?? ''] ?? 0,
    labels: [...textsOf(fields.labels), ...(isPlain ? [] : [status])],
    needs: textsOf(fields.dependencies),
    parent: textOf(fields.parent_task_id) ?? null,
    state: isDone ? 'done' : workStates.includes(folded) ? 'claimed' : 'open',
    createdAt: timeOf(fields.created_date),
    createdBy: textOf(fields.reporter),
    kept: {
      status,
      priority: fields.priority,
      assignee: fields.assignee,
      milestone: fields.milestone,
      ordinal: fields.ordinal,
    },
    place: (path = []) => placeOf(path),
  };
}

/** `2026-01-31 23:37`, in UTC. */
function timeOf(value: unknown): string | undefined {
  const text = textOf(value)?.trim();
  return /^\d{4}-\d\d-\d\d \d\d:\d\d$/.test(text ?? '') ? dateOf(`${text?.replace(' ', 'T')}Z`) : dateOf(text);
}

/** Ids whose prefix was changed are still named by the old one, or by the number alone: it is the number that counts. */
export function byNumber(tasks: readonly ForeignTask[]): (need: string) => string | null {
  const numberOf = (id: string) => /(?:^|-)(\d+(?:\.\d+)*)$/.exec(id)?.[1]?.replace(/(^|\.)0+(?=\d)/g, '$1');
  return (need) => {
    const number = numberOf(need);
    const named = tasks.filter(({ id }) => number !== undefined && numberOf(id) === number);
    return named.length === 1 ? (named[0]?.id ?? null) : null;
  };
}
