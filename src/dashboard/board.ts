import { type CollectionName, type Collections, collectionNames, type Message } from './rows.ts';

/** The rows of all collections at one moment. */
export type Rows = { readonly [Name in CollectionName]: readonly Collections[Name][] };

/** What pages were last told: each row as JSON, by its key. */
export type Board = ReadonlyMap<CollectionName, ReadonlyMap<string, string>>;

export const emptyBoard: Board = new Map(collectionNames.map((name) => [name, new Map<string, string>()]));

export function boardOf(rows: Rows): Board {
  return new Map(
    collectionNames.map((name) => [name, new Map(rows[name].map((row) => [row.key, JSON.stringify(row)]))]),
  );
}

/** From one board to the next: rows as JSON, and keys. Null: nothing has changed. */
export interface Change {
  readonly set: ReadonlyMap<CollectionName, ReadonlyMap<string, string>>;
  readonly gone: ReadonlyMap<CollectionName, readonly string[]>;
}

export function changeOf(before: Board, after: Board): Change | null {
  const set = new Map<CollectionName, ReadonlyMap<string, string>>();
  const gone = new Map<CollectionName, readonly string[]>();
  for (const name of collectionNames) {
    const [old, now] = [before.get(name), after.get(name)];
    const changed = [...(now ?? [])].filter(([key, json]) => old?.get(key) !== json);
    const left = [...(old?.keys() ?? [])].filter((key) => now?.has(key) !== true);
    if (changed.length > 0) set.set(name, new Map(changed));
    if (left.length > 0) gone.set(name, left);
  }
  return set.size + gone.size === 0 ? null : { set, gone };
}

/** Of a change what a page shows that has chosen this workflow; null: nothing. */
export function messageFor(change: Change, workflow: string): string | null {
  const isShown = (name: CollectionName, key: string): boolean => name !== 'nodes' || key.startsWith(`${workflow} `);
  const set = [...change.set].flatMap(([name, rows]) => {
    const shown = [...rows].filter(([key]) => isShown(name, key)).map(([, json]) => json);
    return shown.length === 0 ? [] : [`${JSON.stringify(name)}:[${shown.join(',')}]`];
  });
  const gone: Message['gone'] = Object.fromEntries(
    [...change.gone].flatMap(([name, keys]) => {
      const shown = keys.filter((key) => isShown(name, key));
      return shown.length === 0 ? [] : [[name, shown]];
    }),
  );
  if (set.length + Object.keys(gone).length === 0) return null;
  return `"set":{${set.join(',')}},"gone":${JSON.stringify(gone)}`;
}
