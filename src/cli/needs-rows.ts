import { needsTree, type TreeRow, treeRoots } from '../domain/needs.ts';
import type { TaskView } from '../domain/view.ts';
import type { Context } from './frame/context.ts';
import { oneLine } from './frame/text.ts';
import { stateText } from './task-text.ts';

/** The needs of some tasks as trees, those without any at the end; `all`: where to look their needs up. */
export function needsRows(context: Context, all: readonly TaskView[], some: readonly TaskView[]): string {
  const byId = new Map(all.map((task) => [task.id, task]));
  const needsOf = (id: string) => byId.get(id)?.needs;
  const met = new Set<string>();
  const trees = treeRoots(
    some.map(({ id }) => id),
    needsOf,
  ).flatMap((root) => needsTree(root, needsOf, met));
  const alone = some.filter(({ id }) => !met.has(id)).map(({ id }): TreeRow => ({ id, more: [], rest: null }));
  return [...trees, ...alone].map((row) => rowText(context, row, byId.get(row.id))).join('');
}

export function rowText({ style }: Context, { id, more, rest }: TreeRow, task: TaskView | undefined): string {
  const branches = more.map((follows, index) => {
    if (index < more.length - 1) return follows ? '│   ' : '    ';
    return follows ? '├── ' : '└── ';
  });
  // what it needs stands below it
  const state = task === undefined ? "doesn't exist" : task.blockedBy.length > 0 ? 'waits' : stateText(task);
  const title = task === undefined || task.title === id ? '' : `  ${oneLine(task.title)}`;
  const tails = { above: ' (its needs: see above)', deeper: ` (needs more: git coord dep tree ${id})` };
  return `${branches.join('')}${style.cyan(id)}  ${state}${title}${rest === null ? '' : tails[rest]}\n`;
}
