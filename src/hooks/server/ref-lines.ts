import { isId } from '../../domain/ids.ts';

/** What a hook is told: `<old> <new> <ref>`, a line for each ref. Hostile: whoever pushes chose the names. */
export interface RefMove {
  readonly ref: string;
  readonly from: string | null;
  readonly to: string | null;
}

export function parseRefLines(text: string): RefMove[] {
  return text.split('\n').flatMap((line) => {
    const [, from = '', to = '', ref = ''] = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (refs\/.+)$/.exec(line) ?? [];
    return ref === '' ? [] : [{ ref, from: oidOrNull(from), to: oidOrNull(to) }];
  });
}

const oidOrNull = (oid: string): string | null => (/^0+$/.test(oid) ? null : oid);

/** The moves of one push or transaction, by what guards them. */
export interface Moves {
  /** By task. */
  readonly board: ReadonlyMap<string, RefMove>;
  readonly claims: ReadonlyMap<string, RefMove>;
  readonly archive: RefMove | null;
  readonly format: RefMove | null;
  /** All others, branches among them. */
  readonly others: readonly RefMove[];
  /** Where the names of tasks stand, and no id does. */
  readonly misnamed: readonly RefMove[];
}

/** What a probe tries a remote with. */
const scratch = 'claims/_probe/';

export function sortMoves(moves: readonly RefMove[], prefix: string): Moves {
  const board = new Map<string, RefMove>();
  const claims = new Map<string, RefMove>();
  const others: RefMove[] = [];
  const misnamed: RefMove[] = [];
  const named = new Map<string, RefMove>();
  for (const move of moves) {
    const name = move.ref.startsWith(prefix) ? move.ref.slice(prefix.length) : '';
    const [, space, id = ''] = /^(board|claims)\/(.*)$/.exec(name) ?? [];
    if (name === 'archive/board' || name === 'coord/format') named.set(name, move);
    else if (space === undefined || name.startsWith(scratch)) others.push(move);
    else if (isId(id)) (space === 'board' ? board : claims).set(id, move);
    else if (move.to !== null) misnamed.push(move);
  }
  const archive = named.get('archive/board') ?? null;
  return { board, claims, archive, format: named.get('coord/format') ?? null, others, misnamed };
}
