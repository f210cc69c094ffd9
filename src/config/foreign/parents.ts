/** A task among those that it stands in relation to; its needs grow. */
export interface Part {
  readonly id: string;
  readonly needs: Set<string>;
  /** What it is a part of. */
  readonly parent: string | null;
  readonly isOver: boolean;
}

/**
 * What being a part means here, where there are needs alone: the whole needs its parts, and a part waits for what the whole
 * waits for. Neither where it would close a circle, as when the whole was to come first.
 */
export function addNeedsOfParents(parts: readonly Part[]): void {
  const byId = new Map(parts.map((part) => [part.id, part]));
  const own = new Map(parts.map(({ id, needs }) => [id, [...needs]]));
  const add = (from: Part, to: string) => {
    if (from.id !== to && !from.needs.has(to) && !reaches(byId, to, from.id)) from.needs.add(to);
  };
  for (const part of parts) {
    const whole = part.parent === null ? undefined : byId.get(part.parent);
    if (whole !== undefined) add(whole, part.id);
  }
  for (const part of parts.filter(({ isOver }) => !isOver))
    for (const whole of wholesOf(byId, part))
      for (const need of own.get(whole.id) ?? []) {
        const other = byId.get(need);
        const isBeside = other !== undefined && wholesOf(byId, other).includes(whole);
        if (!isBeside) add(part, need);
      }
}

/** All that it is a part of, the nearest first. */
function wholesOf(byId: ReadonlyMap<string, Part>, part: Part): Part[] {
  const wholes: Part[] = [];
  for (let at = part.parent; at !== null; ) {
    const whole = byId.get(at);
    if (whole === undefined || whole === part || wholes.includes(whole)) break;
    wholes.push(whole);
    at = whole.parent;
  }
  return wholes;
}

/** Whether one needs the other, at whatever distance. */
function reaches(byId: ReadonlyMap<string, Part>, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const id of seen) {
    if (id === to) return true;
    for (const need of byId.get(id)?.needs ?? []) seen.add(need);
  }
  return false;
}
