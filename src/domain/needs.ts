/** The graph of needs: a task is ready when all that it needs is done. */

/** What a task needs; undefined: unknown. */
export type NeedsOf = (id: string) => readonly string[] | undefined;

/**
 * The shortest way from a task through what it needs back to itself, both ends included; null: there is none.
 * `needs` stands for what the graph says of the task's own.
 */
export function circleThrough(id: string, needs: readonly string[], needsOf: NeedsOf): string[] | null {
  const cameFrom = new Map<string, string>(needs.map((need) => [need, id]));
  const queue = [...cameFrom.keys()];
  for (const at of queue) {
    if (at === id) return wayTo(id, cameFrom);
    for (const need of needsOf(at) ?? []) {
      if (cameFrom.has(need)) continue;
      cameFrom.set(need, at);
      queue.push(need);
    }
  }
  return null;
}

/** Of these tasks those that may stand in a circle, or need one that does: no others are worth a look. */
export function mayBeCircular(ids: readonly string[], needsOf: NeedsOf): string[] {
  const all = new Set(ids);
  const neededBy = new Map<string, string[]>();
  const left = new Map<string, number>();
  for (const id of all) {
    const needs = new Set(needsOf(id));
    left.set(id, needs.size);
    for (const need of needs) {
      all.add(need);
      const others = neededBy.get(need);
      if (others === undefined) neededBy.set(need, [id]);
      else others.push(id);
    }
  }
  const sound = [...all].filter((id) => left.get(id) === 0);
  for (const id of sound)
    for (const other of neededBy.get(id) ?? []) {
      left.set(other, (left.get(other) ?? 0) - 1);
      if (left.get(other) === 0) sound.push(other);
    }
  return ids.filter((id) => left.get(id) !== 0);
}

function wayTo(id: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [id];
  for (let at = cameFrom.get(id); at !== undefined && at !== id; at = cameFrom.get(at)) way.unshift(at);
  return [id, ...way];
}

/** A line of a drawn tree. */
export interface TreeRow {
  readonly id: string;
  /** From the root's children down to this one: whether another one of the same parent comes after it. Empty: a root. */
  readonly more: readonly boolean[];
  /** What it needs isn't drawn below it: it was met further up, or the tree is deep. */
  readonly rest: 'above' | 'deeper' | null;
}

/** A chain of needs that is longer is hardly read as a tree. */
const depthMax = 64;

/** The tree below a task, each subtree once; also where the graph has circles. `met` is added to. */
export function needsTree(id: string, needsOf: NeedsOf, met: Set<string> = new Set()): TreeRow[] {
  const rows: TreeRow[] = [];
  const stack: { readonly id: string; readonly more: readonly boolean[] }[] = [{ id, more: [] }];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const { more } = at;
    const needs = needsOf(at.id) ?? [];
    const rest = needs.length === 0 ? null : met.has(at.id) ? 'above' : more.length >= depthMax ? 'deeper' : null;
    rows.push({ id: at.id, more, rest });
    met.add(at.id);
    const below = rest === null ? needs : [];
    for (const [index, need] of [...below.entries()].reverse())
      stack.push({ id: need, more: [...more, index < below.length - 1] });
  }
  return rows;
}

/** Where trees begin: tasks that need something and that nobody needs; of circles that nobody needs, the first by name. */
export function treeRoots(ids: readonly string[], needsOf: NeedsOf): string[] {
  const needed = new Set(ids.flatMap((id) => needsOf(id) ?? []));
  const withNeeds = ids.filter((id) => (needsOf(id) ?? []).length > 0);
  const roots = withNeeds.filter((id) => !needed.has(id));
  const met = new Set(roots);
  const reach = (queue: string[]): void => {
    for (const at of queue)
      for (const need of needsOf(at) ?? []) {
        if (met.has(need)) continue;
        met.add(need);
        queue.push(need);
      }
  };
  reach([...roots]);
  for (const id of [...withNeeds].sort()) {
    if (met.has(id)) continue;
    roots.push(id);
    met.add(id);
    reach([id]);
  }
  return roots;
}

/** Tasks so that each comes before what it needs; those of a circle in some order. */
export function dependentsFirst<T extends { readonly id: string; readonly needs: readonly string[] }>(
  tasks: readonly T[],
): T[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const left = new Map(tasks.map(({ id }) => [id, 0]));
  for (const { needs } of tasks) for (const need of needs) left.set(need, (left.get(need) ?? 0) + 1);
  const order = tasks.filter(({ id }) => left.get(id) === 0);
  for (const { needs } of order)
    for (const need of needs) {
      left.set(need, (left.get(need) ?? 0) - 1);
      const task = byId.get(need);
      if (task && left.get(need) === 0) order.push(task);
    }
  const met = new Set(order);
  return [...order, ...tasks.filter((task) => !met.has(task))];
}
