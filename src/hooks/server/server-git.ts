/**
 * git in the repository that a hook was called in. Its environment stays as git made it: in `pre-receive` the pushed objects
 * are in a quarantine that only that environment shows; in `reference-transaction` they have moved in (measured with 2.39).
 */

import { runGit } from '../../transport/git-process.ts';
import { parseCommit } from '../../transport/objects/parse-commit.ts';
import { type CommitObject, commitBytesMax, type Oid, type Unreadable } from '../../transport/port.ts';

/** A record's commit. `empty`: its tree has nothing in it. */
export type RecordCommit = (CommitObject & { readonly empty: boolean }) | Unreadable;

export interface ServerGit {
  /** The values of those of these refs that are there. */
  refs(names: readonly string[]): Promise<ReadonlyMap<string, Oid>>;
  /** All refs below a prefix. */
  refsBelow(prefix: string): Promise<ReadonlyMap<string, Oid>>;
  commits(oids: readonly Oid[]): Promise<ReadonlyMap<Oid, RecordCommit>>;
  /** Those of these that are commits here, of whatever size. */
  present(oids: readonly string[]): Promise<Oid[]>;
  /** Commits that are reachable from `tips` and not from `without`, newest first, at most `max`, each with its parents. */
  between(tips: readonly Oid[], without: readonly Oid[], max: number): Promise<{ oid: Oid; parents: Oid[] }[]>;
  /** False too where one of the two isn't here. */
  isAncestor(ancestor: Oid, descendant: Oid): Promise<boolean>;
}

const timeoutMs = 60_000;
/** Names on one command line. */
const namesMax = 500;
const emptyTrees = [
  '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
];

export function serverGit(base: NodeJS.ProcessEnv): ServerGit {
  // a pushed refs/replace/… would show us other objects than everybody else reads
  const env = { ...base, LC_ALL: 'C', GIT_NO_REPLACE_OBJECTS: '1' };
  const run = (args: readonly string[], input = '') => runGit(args, { env, timeoutMs, input });
  const must = async (args: readonly string[], input = ''): Promise<Buffer> => {
    const { status, stdout, stderr } = await run(args, input);
    if (status !== 0) throw new Error(`git ${args[0]}: ${stderr.trim() || `status ${status}`}`);
    return stdout;
  };
  const listed = async (patterns: readonly string[]) => {
    const text = (await must(['for-each-ref', '--format=%(objectname) %(refname)', ...patterns])).toString('utf8');
    return text.split('\n').flatMap((line): [string, Oid][] => {
      const space = line.indexOf(' ');
      return space < 0 ? [] : [[line.slice(space + 1), line.slice(0, space)]];
    });
  };
  return {
    async refs(names) {
      const found = new Map<string, Oid>();
      for (let start = 0; start < names.length; start += namesMax) {
        const some = new Set(names.slice(start, start + namesMax));
        // a pattern also matches what is below it
        for (const [ref, oid] of await listed([...some])) if (some.has(ref)) found.set(ref, oid);
      }
      return found;
    },
    refsBelow: async (prefix) => new Map(await listed([prefix])),
    commits: (oids) => readCommits(must, oids),
    async present(oids) {
      const objects = await look(must, oids);
      return oids.filter((oid) => objects.get(oid)?.type === 'commit');
    },
    async between(tips, without, max) {
      const revisions = [...tips, ...without.map((oid) => `^${oid}`)].join('\n');
      const args = ['rev-list', '--parents', `--max-count=${max}`, '--stdin'];
      const text = (await must(args, `${revisions}\n`)).toString('latin1');
      return text.split('\n').flatMap((line) => {
        const [oid, ...parents] = line.split(' ');
        return oid ? [{ oid, parents }] : [];
      });
    },
    isAncestor: async (ancestor, descendant) =>
      (await run(['merge-base', '--is-ancestor', ancestor, descendant])).status === 0,
  };
}

type Must = (args: readonly string[], input?: string) => Promise<Buffer>;

/** Type and size by full name; what isn't here, or is no full name here, is absent. */
async function look(must: Must, oids: readonly Oid[]): Promise<Map<Oid, { type: string; bytes: number }>> {
  const wanted = [...new Set(oids)];
  if (wanted.length === 0) return new Map();
  const text = (await must(['cat-file', '--batch-check'], `${wanted.join('\n')}\n`)).toString('latin1');
  return new Map(
    text.split('\n').flatMap((line) => {
      const [oid = '', type, size] = line.split(' ');
      return type === undefined || type === 'missing' ? [] : [[oid, { type, bytes: Number(size) }]];
    }),
  );
}

/** Sizes first: nobody makes us read what no record is. */
async function readCommits(must: Must, oids: readonly Oid[]): Promise<Map<Oid, RecordCommit>> {
  const found = new Map<Oid, RecordCommit>();
  const objects = await look(must, oids);
  const readable: Oid[] = [];
  for (const oid of new Set(oids)) {
    const object = objects.get(oid);
    if (object === undefined) found.set(oid, { unreadable: 'missing' });
    else if (object.type !== 'commit') found.set(oid, { unreadable: 'not-a-commit' });
    else if (object.bytes > commitBytesMax) found.set(oid, { unreadable: 'oversized' });
    else readable.push(oid);
  }
  const batchMax = 128;
  for (let start = 0; start < readable.length; start += batchMax) {
    const some = readable.slice(start, start + batchMax);
    const output = await must(['cat-file', '--batch'], `${some.join('\n')}\n`);
    let at = 0;
    for (const oid of some) {
      const lineEnd = output.indexOf('\n', at);
      const size = Number(output.toString('latin1', at, lineEnd).split(' ')[2]);
      const body = output.subarray(lineEnd + 1, lineEnd + 1 + size);
      found.set(oid, recordCommit(body));
      at = lineEnd + 1 + size + 1;
    }
  }
  return found;
}

function recordCommit(body: Buffer): RecordCommit {
  const commit = parseCommit(body);
  if ('unreadable' in commit) return commit;
  const tree = body.toString('latin1', 0, body.indexOf('\n')).slice('tree '.length);
  return { ...commit, empty: emptyTrees.includes(tree) };
}
