import { joinType } from '../../domain/decide-join.ts';
import { lacking } from '../../domain/readiness.ts';
import type { TaskView } from '../../domain/view.ts';

/**
 * The unfinished tasks that this agent may still come to do: ready, waiting for such tasks, or held by somebody who may fail.
 * Not those that only a person can open: claimed by name, for another skill, in review, or waiting for what no registered agent
 * can do.
 */
export function leftToDo(
  tasks: readonly TaskView[],
  skills: { readonly own: readonly string[]; readonly others: readonly (readonly string[])[] },
  matches: (task: TaskView) => boolean,
): TaskView[] {
  const somebodyCan = (task: TaskView) => [skills.own, ...skills.others].some((one) => lacking(task, one).length === 0);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const known = new Map<string, boolean>();
  const comesTrue = (id: string): boolean => {
    const task = byId.get(id);
    if (task === undefined) return false;
    if (task.state === 'done') return true;
    if (task.state !== 'claimed' && !(task.state === 'open' && somebodyCan(task))) return false;
    const answer = known.get(id);
    if (answer !== undefined) return answer;
    // a circle waits for itself
    known.set(id, false);
    const comes = task.needs.every(comesTrue);
    known.set(id, comes);
    return comes;
  };
  return tasks.filter(
    (task) =>
      (task.state === 'open' || task.state === 'claimed') &&
      task.type !== 'external' &&
      task.type !== 'lock' &&
      task.type !== joinType &&
      lacking(task, skills.own).length === 0 &&
      matches(task) &&
      comesTrue(task.id),
  );
}
