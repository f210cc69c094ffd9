import { mayBeCircular } from '../../domain/needs.ts';

/** A task among those that it stands in relation to; its needs grow. */
export interface Part {
  readonly id: string;
  readonly needs: Set<string>;
  /** What it is a part of. */
  readonly parent: string | null;
  readonly isOver: boolean;
}

/** What stands in more wholes than that is no plan of anybody's. */
const wholesMax = 16;

/**
 * What being a part means here, where there are needs alone: the whole needs its parts, and a part waits for what the whole
 * waits for. Neither where it would close a circle, as when the whole was to come first.
 */
export function addNeedsOfParents(parts: readonly Part[]): void {
  const byId = new Map(parts.map((part) => [part.id, part]));
  const wanted = wantedNeeds(parts, byId);
  const all = new Map(parts.map(({ id, needs }) => [id, [...needs]]));
  for (const [from, to] of wanted) all.get(from.id)?.push(to);
  // only there a circle can be closed; to search for one with each need takes minutes with thousands of tasks
  const circular = new Set(mayBeCircular([...byId.keys()], (id) => all.get(id)));
  for (const [from, to] of wanted) if (!circular.has(from.id) || !reaches(byId, to, from.id)) from.needs.add(to);
}

/** Of wholes their parts first, then of parts what their wholes wait for. */
function wantedNeeds(parts: readonly Part[], byId: ReadonlyMap<string, Part>): [from: Part, to: string][] {
  const ofWholes = parts.flatMap((part): [Part, string][] => {
    const whole = part.parent === null ? undefined : byId.get(part.parent);
    return whole === undefined || whole === part ? [] : [[whole, part.id]];
  });
  const ofParts = parts.flatMap((part): [Part, string][] =>
    part.isOver
      ? []
      : wholesOf(byId, part).flatMap((whole) =>
          [...whole.needs].flatMap((need): [Part, string][] => {
            const other = byId.get(need);
            const isBeside = other !== undefined && (other === part || wholesOf(byId, other).includes(whole));
            return isBeside ? [] : [[part, need]];
          }),
        ),
  );
  return [...ofWholes, ...ofParts];
}

/** All that it is a part of, the nearest first. */
function wholesOf(byId: ReadonlyMap<string, Part>, part: Part): Part[] {
  const wholes: Part[] = [];
  for (let at = part.parent; at !== null && wholes.length < wholesMax; ) {
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
