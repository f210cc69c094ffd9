/** Reads refs and commits of a repository: through a living `cat-file`, and `for-each-ref` for whole folders of refs. */
import { join } from 'node:path';
import { CoordError } from '../../errors.ts';
import { runGit } from '../git-process.ts';
import { listedRefs } from '../listed-refs.ts';
import { parseCommit } from '../objects/parse-commit.ts';
import { readLooseCommit } from '../objects/read-loose.ts';
import { type CommitObject, commitBytesMax, type Oid, treeBytesMax, type Unreadable } from '../port.ts';
import { Coprocess, CoprocessEnded, type CoprocessOptions, type Reply } from './coprocess.ts';
import { plainWords } from './plain-words.ts';

/** Names, and objects, asked for in one go: bounds what lies in memory unread. */
const infosMax = 256;
/** So few commits aren't worth a process. */
const looseMax = 8;
const contentBytesMax = 16 * commitBytesMax;
const listBytesMax = 32 * 1024 * 1024;

interface ObjectInfo {
  readonly oid: Oid;
  readonly type: string;
  readonly size: number;
}

export class Reader {
  readonly #options: CoprocessOptions;
  readonly #catFile: Coprocess;

  constructor(options: CoprocessOptions) {
    this.#options = options;
    this.#catFile = new Coprocess(['--no-replace-objects', 'cat-file', '--batch-command'], options);
  }

  /** The values of the refs that are there, of these exact names. */
  async exactRefs(names: readonly string[]): Promise<Map<string, Oid>> {
    const found = new Map<string, Oid>();
    const infos = await this.#infos(names);
    for (const name of names) {
      const info = infos.get(name);
      if (info !== undefined) found.set(name, info.oid);
    }
    if (await this.#isAmbiguous([...found.keys()])) return this.#forEachRef([...found.keys()]);
    return found;
  }

  /**
   * git reads `refs/x` as short for `refs/heads/refs/x` and the like too, which somebody may have made by mistake.
   * Where there is such a ref, the quick answer can't be trusted.
   */
  async #isAmbiguous(names: readonly string[]): Promise<boolean> {
    const namesakes = names.flatMap((name) => [
      `refs/${name}`,
      `refs/tags/${name}`,
      `refs/heads/${name}`,
      `refs/remotes/${name}`,
      `refs/remotes/${name}/HEAD`,
    ]);
    return (await this.#infos(namesakes)).size > 0;
  }

  /** The values of the refs of these names, and of all below those that end in `/`. */
  refs(patterns: readonly string[]): Promise<Map<string, Oid>> {
    return patterns.some((pattern) => pattern.endsWith('/')) ? this.#forEachRef(patterns) : this.exactRefs(patterns);
  }

  async #forEachRef(patterns: readonly string[]): Promise<Map<string, Oid>> {
    const refs = new Map<string, Oid>();
    const { status, stdout, stderr, timedOut } = await runGit(
      ['for-each-ref', '--format=%(objectname) %(refname)', ...patterns],
      { ...this.#options, outputBytesMax: listBytesMax },
    );
    if (timedOut) throw new CoordError('unavailable', 'git did not list the refs in time');
    if (status !== 0) throw new CoordError('unavailable', `git could not list the refs: ${plainWords(stderr)}`);
    for (const [name, oid] of listedRefs(stdout)) {
      // a pattern without a slash at its end also matches what is below it
      const isAskedFor = patterns.some(
        (pattern) => pattern === name || (pattern.endsWith('/') && name.startsWith(pattern)),
      );
      if (isAskedFor) refs.set(name, oid);
    }
    return refs;
  }

  async commits(oids: readonly Oid[]): Promise<Map<Oid, CommitObject | Unreadable>> {
    const commits = oids.length <= looseMax && !this.#catFile.isRunning ? await this.#looseCommits(oids) : new Map();
    const others = oids.filter((oid) => !commits.has(oid));
    const infos = await this.#infos(others);
    const wanted: ObjectInfo[] = [];
    for (const oid of others) {
      const info = infos.get(oid);
      if (info === undefined) commits.set(oid, { unreadable: 'missing' });
      else if (info.type !== 'commit') commits.set(oid, { unreadable: 'not-a-commit' });
      else if (info.size > commitBytesMax) commits.set(oid, { unreadable: 'oversized' });
      else wanted.push(info);
    }
    for (const batch of batchesBySize(wanted)) {
      const names = batch.map(({ oid }) => oid);
      await this.#ask('contents', names, async (oid, info, reply) => {
        if (info === undefined) return commits.set(oid, { unreadable: 'missing' });
        const body = await reply.bytes(info.size + 1);
        return commits.set(oid, parseCommit(body.subarray(0, -1)));
      });
    }
    return commits;
  }

  /** Those of these that are trees, and not too large. */
  async trees(oids: readonly Oid[]): Promise<Map<Oid, Buffer>> {
    const infos = [...(await this.#infos(oids)).values()];
    const trees = new Map<Oid, Buffer>();
    for (const batch of batchesBySize(infos.filter(({ type, size }) => type === 'tree' && size <= treeBytesMax))) {
      const names = batch.map(({ oid }) => oid);
      await this.#ask('contents', names, async (oid, info, reply) => {
        if (info !== undefined) trees.set(oid, (await reply.bytes(info.size + 1)).subarray(0, -1));
      });
    }
    return trees;
  }

  /** Those that nobody has packed yet. */
  async #looseCommits(oids: readonly Oid[]): Promise<Map<Oid, CommitObject | Unreadable>> {
    const folder = join(this.#options.gitDir, 'objects');
    const found = await Promise.all(oids.map(async (oid) => [oid, await readLooseCommit(folder, oid)] as const));
    return new Map(found.flatMap(([oid, body]) => (body === null ? [] : [[oid, parseCommit(body)]])));
  }

  async #infos(names: readonly string[]): Promise<Map<string, ObjectInfo>> {
    const infos = new Map<string, ObjectInfo>();
    for (let start = 0; start < names.length; start += infosMax) {
      await this.#ask('info', names.slice(start, start + infosMax), async (name, info) => {
        if (info !== undefined) infos.set(name, info);
      });
    }
    return infos;
  }

  /** Asks for each name, one line a request; a process that ended meanwhile is asked once more, since reading changes nothing. */
  async #ask(
    command: 'info' | 'contents',
    names: readonly string[],
    take: (name: string, info: ObjectInfo | undefined, reply: Reply) => Promise<unknown>,
  ): Promise<void> {
    const input = names.map((name) => `${command} ${name}\n`).join('');
    const exchange = () =>
      this.#catFile.exchange(input, async (reply) => {
        for (const name of names) await take(name, parseInfo(await reply.line(), name), reply);
      });
    try {
      await exchange().catch((error: unknown) => {
        if (error instanceof CoprocessEnded && !error.timedOut) return exchange();
        throw error;
      });
    } catch (error) {
      if (!(error instanceof CoprocessEnded)) throw error;
      const words = error.timedOut ? 'no answer in time' : plainWords(error.stderr);
      throw new CoordError('unavailable', `git could not read the repository: ${words}`, { cause: error });
    }
  }

  close(): Promise<void> {
    return this.#catFile.close();
  }
}

function batchesBySize(objects: readonly ObjectInfo[]): ObjectInfo[][] {
  const batches: ObjectInfo[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const object of objects) {
    if (bytes + object.size > contentBytesMax || (batches.at(-1)?.length ?? 0) >= infosMax) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(object);
    bytes += object.size;
  }
  return batches;
}

function parseInfo(line: string, name: string): ObjectInfo | undefined {
  if (line === `${name} missing` || line === `${name} ambiguous`) return undefined;
  const [oid = '', type = '', size = ''] = line.split(' ');
  if (!/^[0-9a-f]{40,64}$/.test(oid) || !/^\d+$/.test(size)) {
    throw new CoordError('unavailable', `git answered ${JSON.stringify(plainWords(line))} about ${name}`);
  }
  return { oid, type, size: Number(size) };
}
