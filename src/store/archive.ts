import { createHash } from 'node:crypto';
import { CoordError } from '../errors.ts';
import { encodeTree, parseTree } from '../transport/objects/tree.ts';
import type { NewTree, Oid, Transport } from '../transport/port.ts';

/**
 * The tasks that were moved to the archive (protocol 2, 10), as the tree of its newest commit has them: `<shard>/<id>`, in 256
 * shards, so that a batch rewrites a few small trees however much is archived. An entry is of git's kind for another
 * repository's commit and names the newest commit of the task's log, which stays reachable as a parent of the commit that
 * archived it.
 */
export interface Archive {
  /** Those of these ids that are in it. @param tip its newest commit @throws CoordError `unavailable` */
  find(tip: Oid, ids: readonly string[]): Promise<Map<string, Oid>>;
  /** All of them. @throws CoordError `unavailable` */
  all(tip: Oid): Promise<Map<string, Oid>>;
  /** The tree of the next commit, and all trees that are new. @param tip null: it is the first @throws CoordError `unavailable` */
  grown(
    tip: Oid | null,
    entries: ReadonlyMap<string, Oid>,
  ): Promise<{ readonly tree: Oid; readonly trees: readonly NewTree[] }>;
}

/** Evenly spread, whatever ids look like. */
const shardOf = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 2);

export function archiveIn(transport: Transport): Archive {
  const { objectFormat } = transport;
  const treesOf = async (oids: readonly Oid[]): Promise<Buffer[]> => {
    const found = await transport.trees(oids);
    return oids.map((oid) => found.get(oid) ?? damaged(`its tree ${oid} is missing`));
  };
  const shardsAt = async (tip: Oid): Promise<Map<string, Oid>> => {
    const commit = (await transport.read([tip])).get(tip);
    if (commit === undefined || 'unreadable' in commit) return damaged(`its commit ${tip} can't be read`);
    const [root = Buffer.alloc(0)] = await treesOf([commit.tree]);
    return parseTree(objectFormat, '40000', root);
  };
  const entriesIn = async (shards: readonly Oid[]): Promise<Map<string, Oid>[]> =>
    (await treesOf(shards)).map((body) => parseTree(objectFormat, '160000', body));
  return {
    async find(tip, ids) {
      const shards = await shardsAt(tip);
      const wanted = [...new Set(ids.flatMap((id) => shards.get(shardOf(id)) ?? []))];
      const entries = new Map((await entriesIn(wanted)).flatMap((one) => [...one]));
      return new Map(ids.flatMap((id) => (entries.has(id) ? [[id, entries.get(id) as Oid] as const] : [])));
    },
    async all(tip) {
      const shards = await shardsAt(tip);
      return new Map((await entriesIn([...shards.values()])).flatMap((one) => [...one]));
    },
    async grown(tip, entries) {
      const shards = tip === null ? new Map<string, Oid>() : await shardsAt(tip);
      const names = [...new Set([...entries.keys()].map(shardOf))];
      const before = names.map((name) => shards.get(name));
      const there = await entriesIn(before.filter((oid) => oid !== undefined));
      const trees = names.map((name, index) => {
        const own = [...entries].filter(([id]) => shardOf(id) === name);
        const old = before[index] === undefined ? [] : [...(there.shift() ?? [])];
        const tree = encodeTree(objectFormat, '160000', new Map([...old, ...own]));
        shards.set(name, tree.oid);
        return tree;
      });
      const root = encodeTree(objectFormat, '40000', shards);
      return { tree: root.oid, trees: [...trees, root] };
    },
  };
}

function damaged(why: string): never {
  throw new CoordError('unavailable', `the archive can't be read: ${why}`, { next: ['git coord doctor'] });
}
