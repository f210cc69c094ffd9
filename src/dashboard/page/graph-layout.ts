/** Where the tasks of a workflow stand in its drawing: what a task needs stands to the left of it. Pure. */
export interface GraphNode {
  readonly id: string;
  readonly needs: readonly string[];
}

export interface Place {
  readonly column: number;
  readonly row: number;
}

export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  /** How many stand in each column. */
  readonly columns: readonly number[];
  /** Of the longest. */
  readonly rows: number;
}

const sweeps = 4;

export function layOut(nodes: readonly GraphNode[]): Layout {
  const ids = new Set(nodes.map(({ id }) => id));
  const edges = nodes.flatMap(({ id, needs }) =>
    needs.filter((need) => ids.has(need) && need !== id).map((from) => ({ from, to: id })),
  );
  const columns = columnsOf(nodes, edges);
  const order = orderIn(columns, edges);
  const places = new Map(
    order.flatMap((column, at) => column.map((id, row): [string, Place] => [id, { column: at, row }])),
  );
  const lengths = order.map(({ length }) => length);
  return { places, edges, columns: lengths, rows: Math.max(0, ...lengths) };
}

const directions: Readonly<Record<string, readonly [columns: number, rows: number]>> = {
  ...{ ArrowLeft: [-1, 0], ArrowRight: [1, 0] },
  ...{ ArrowUp: [0, -1], ArrowDown: [0, 1] },
};

/** Where a key of arrows leads from a task; null: nowhere. */
export function beside({ places, columns }: Layout, id: string, key: string): string | null {
  const [from, by] = [places.get(id), directions[key]];
  if (from === undefined || by === undefined) return null;
  const column = from.column + by[0];
  // columns stand in the middle: what is at the same height is another row there
  const shift = ((columns[column] ?? 0) - (columns[from.column] ?? 0)) / 2;
  const wanted = Math.round(from.row + by[1] + (by[0] === 0 ? 0 : shift));
  const row = by[0] === 0 ? wanted : Math.min((columns[column] ?? 0) - 1, Math.max(0, wanted));
  return [...places].find(([, place]) => place.column === column && place.row === row)?.[0] ?? null;
}

type Edges = Layout['edges'];

/** One further than the furthest that it needs. In a circle the rounds are bounded: it ends somewhere. */
function columnsOf(nodes: readonly GraphNode[], edges: Edges): string[][] {
  const depth = new Map(nodes.map(({ id }) => [id, 0]));
  for (let round = 0, moved = true; moved && round < nodes.length; round++) {
    moved = false;
    for (const { from, to } of edges) {
      const wanted = Math.min((depth.get(from) ?? 0) + 1, nodes.length - 1);
      if (wanted <= (depth.get(to) ?? 0)) continue;
      depth.set(to, wanted);
      moved = true;
    }
  }
  const used = [...new Set(depth.values())].sort((a, b) => a - b);
  return used.map((column) => nodes.filter(({ id }) => depth.get(id) === column).map(({ id }) => id));
}

/** Each near the middle of what it is joined to, looked at from the left, then from the right. */
function orderIn(columns: string[][], edges: Edges): string[][] {
  const before = neighbours(edges.map(({ from, to }) => [to, from]));
  const after = neighbours(edges.map(({ from, to }) => [from, to]));
  let order = columns;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const of = sweep % 2 === 0 ? before : after;
    const rowOf = new Map(
      order.flatMap((column) => column.map((id, row): [string, number] => [id, row / column.length])),
    );
    const middle = (id: string): number => {
      const rows = (of.get(id) ?? []).map((other) => rowOf.get(other) ?? 0);
      return rows.length === 0 ? (rowOf.get(id) ?? 0) : rows.reduce((sum, row) => sum + row, 0) / rows.length;
    };
    order = order.map((column) => column.toSorted((a, b) => middle(a) - middle(b)));
  }
  return order;
}

function neighbours(pairs: readonly (readonly [string, string])[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [id, other] of pairs) found.set(id, [...(found.get(id) ?? []), other]);
  return found;
}
