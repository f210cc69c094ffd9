import type { DocumentFile } from '../document-file.ts';
import { dateOf, type Fields, type ForeignTask, fieldsIn, isFields, textOf, textsOf, wordOf } from './foreign-task.ts';

/** `.taskmaster/tasks/tasks.json`: lists of tasks by tag, or the one list of older versions. */

/** The lists in it, by their tags; null: it is another file. */
function listsOf(plain: unknown): [tag: string, at: readonly string[], tasks: readonly unknown[]][] | null {
  if (!isFields(plain)) return null;
  if (Array.isArray(plain.tasks)) {
    const own = ['dependencies', 'subtasks', 'testStrategy', 'status'];
    const isTheirs = plain.tasks.some((task) => isFields(task) && own.some((key) => key in task));
    return isTheirs ? [[mainTag, ['tasks'], plain.tasks]] : null;
  }
  const lists = Object.entries(plain).flatMap(([tag, list]): [string, string[], unknown[]][] =>
    isFields(list) && Array.isArray(list.tasks) ? [[tag, [tag, 'tasks'], list.tasks]] : [],
  );
  return lists.length > 0 ? lists : null;
}

const mainTag = 'master';

/** Null: it is another file. */
export function taskMasterTasks({ plain, placeOf }: Pick<DocumentFile, 'plain' | 'placeOf'>): ForeignTask[] | null {
  return (
    listsOf(plain)?.flatMap(([tag, at, tasks]) => {
      const prefix = tag === mainTag ? '' : `${tag}.`;
      const ids = new Set(fieldsIn(tasks).map(({ id }) => wordOf(id)));
      return tasks.flatMap((task, index) => {
        const path = [...at, index];
        const place = (inner: readonly PropertyKey[] = []) => placeOf([...path, ...inner]);
        // what is no task is told of where all are checked
        if (!isFields(task)) return [foreign({}, { id: '', prefix, tag, parent: null, needs: [], place })];
        const id = wordOf(task.id);
        const parts = fieldsIn(task.subtasks);
        const partIds = new Set(parts.map((part) => wordOf(part.id)));
        return [
          foreign(task, { id, prefix, tag, parent: null, needs: textsOf(task.dependencies), place }),
          ...parts.map((part, inner) =>
            foreign(part, {
              id: `${id}.${wordOf(part.id)}`,
              prefix,
              tag,
              parent: id,
              // a plain number is a part of the same task, if there is such a one
              needs: textsOf(part.dependencies).map((need) =>
                partIds.has(need) ? `${id}.${need}` : ids.has(need) || need.includes('.') ? need : `${id}.${need}`,
              ),
              place: (more = []) => place(['subtasks', inner, ...more]),
            }),
          ),
        ];
      });
    }) ?? null
  );
}

interface Place {
  readonly id: string;
  readonly prefix: string;
  readonly tag: string;
  readonly parent: string | null;
  readonly needs: readonly string[];
  readonly place: ForeignTask['place'];
}

const priorities: Readonly<Record<string, number>> = { critical: 2, high: 1, medium: 0, low: -1 };
const states: Readonly<Record<string, ForeignTask['state']>> = {
  pending: 'open',
  'in-progress': 'claimed',
  review: 'claimed',
  done: 'done',
  completed: 'done',
  cancelled: 'cancelled',
};

function foreign(task: Fields, { id, prefix, tag, parent, needs, place }: Place): ForeignTask {
  const status = textOf(task.status) ?? 'pending';
  return {
    id: prefix + id,
    title: task.title,
    texts: [
      [null, task.description],
      ['Details', task.details],
      ['Test strategy', task.testStrategy],
      ['Acceptance criteria', textsOf(task.acceptanceCriteria).join('\n')],
    ],
    priority: priorities[textOf(task.priority) ?? ''] ?? 0,
    labels: [...(tag === mainTag ? [] : [tag]), ...(status in states ? [] : [status])],
    needs: needs.map((need) => prefix + need),
    parent: parent === null ? null : prefix + parent,
    state: states[status] ?? 'open',
    createdAt: dateOf(task.createdAt),
    kept: {
      tag,
      status,
      priority: task.priority,
      assignee: task.assignee,
      complexity: task.complexity,
      metadata: task.metadata,
    },
    place,
  };
}
