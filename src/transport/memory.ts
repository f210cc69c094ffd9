/**
 * A book in memory, for tests and the simulation: the strictest server and client. What a real server would let pass and
 * no correct caller does, throws here (`internal`): reading an object that nobody was shown, a commit whose parents the
 * server lacks, a task log that moves other than forward.
 *
 * `MemoryRemote` is the server. Its `…Now` methods are synchronous, each one moment of the server's time, so that the
 * simulation can put delays and lost, late and doubled replies around them. `connect` is a client without faults.
 */
import { CoordError } from '../errors.ts';
import { checkPatterns, checkUpdates } from './check-updates.ts';
import { emptyTreeOid, type ObjectFormat, type ObjectType, objectId } from './objects/object-id.ts';
import { parseCommit } from './objects/parse-commit.ts';
import { parseTree } from './objects/tree.ts';
import type {
  CommitObject,
  NewCommit,
  Oid,
  RefAnswer,
  RefUpdate,
  SwapOptions,
  SwapReport,
  Transport,
  Unreadable,
} from './port.ts';

/** What the server allows (protocol 5, the profile). */
export interface MemoryProfile {
  readonly atomic: boolean;
  readonly deletes: boolean;
  readonly nonFastForward: boolean;
}

export interface MemoryRemoteOptions extends Partial<MemoryProfile> {
  readonly objectFormat?: ObjectFormat;
}

interface StoredObject {
  readonly type: ObjectType;
  readonly body: Buffer;
}

export function createMemoryRemote(options: MemoryRemoteOptions = {}): MemoryRemote {
  return new MemoryRemote(options);
}

export class MemoryRemote {
  readonly objectFormat: ObjectFormat;
  readonly profile: MemoryProfile;
  readonly #refs = new Map<string, Oid>();
  readonly #objects = new Map<Oid, StoredObject>();
  readonly #lent = new Map<Oid, StoredObject>();

  constructor({ objectFormat = 'sha1', atomic = true, deletes = true, nonFastForward = true }: MemoryRemoteOptions) {
    this.objectFormat = objectFormat;
    this.profile = { atomic, deletes, nonFastForward };
  }

  get refs(): ReadonlyMap<string, Oid> {
    return this.#refs;
  }

  /** Objects that the server has ever been given and keeps: there is no gc. */
  objectCount(): number {
    return this.#objects.size;
  }

  /** Puts an object there without a request, and a ref on it: what somebody else did with plain git. */
  plant(ref: string, type: ObjectType, body: Buffer): Oid {
    const oid = objectId(this.objectFormat, type, body);
    this.#objects.set(oid, { type, body });
    this.#refs.set(ref, oid);
    return oid;
  }

  /** Commits of users' clones: requests with `foreign` may carry them. */
  lend(commits: readonly NewCommit[]): void {
    for (const { oid, body } of commits) this.#lent.set(oid, { type: 'commit', body });
  }

  listNow(patterns: readonly string[]): Map<string, Oid> {
    checkPatterns(patterns);
    const matches = (ref: string) =>
      patterns.some((pattern) => (pattern.endsWith('/') ? ref.startsWith(pattern) : ref === pattern));
    return new Map([...this.#refs].filter(([ref]) => matches(ref)));
  }

  readNow(oids: readonly Oid[]): Map<Oid, CommitObject | Unreadable> {
    return new Map(oids.map((oid) => [oid, this.#readOne(oid)]));
  }

  treesNow(oids: readonly Oid[]): Map<Oid, Buffer> {
    return new Map(
      oids.flatMap((oid) => {
        const object = this.#objects.get(oid);
        return object?.type === 'tree' ? [[oid, object.body] as const] : [];
      }),
    );
  }

  #readOne(oid: Oid): CommitObject | Unreadable {
    const object = this.#objects.get(oid);
    if (object === undefined) return { unreadable: 'missing' };
    return object.type === 'commit' ? parseCommit(object.body) : { unreadable: 'not-a-commit' };
  }

  /**
   * Carries a request out. With `stopAfter: n` the server dies when n refs have moved, as git's files backend does: in
   * the order given, deletions last, all answers unknown (trap 34). A request that it refuses, it refuses as always.
   */
  swapNow(updates: readonly RefUpdate[], options: SwapOptions, fault: { stopAfter?: number } = {}): SwapReport {
    checkUpdates(updates, this.objectFormat);
    const pushed = this.#pushed(updates, options);
    for (const update of updates) this.#checkClosure(update, pushed);
    const verdicts = updates.map((update) => this.#verdict(update, options, pushed));
    const worst = verdicts.find((verdict) => verdict !== 'applied');
    if (options.atomic && worst !== undefined) return report(updates.map(({ ref }) => [ref, worst]));

    const accepted = updates.filter((_, index) => verdicts[index] === 'applied');
    if (accepted.length > 0) for (const [oid, object] of pushed) this.#objects.set(oid, object);
    if (fault.stopAfter !== undefined) {
      for (const update of deletionsLast(accepted).slice(0, fault.stopAfter)) this.#move(update);
      return report(updates.map(({ ref }) => [ref, 'unknown']));
    }
    for (const update of accepted) this.#move(update);
    return report(updates.map(({ ref }, index) => [ref, verdicts[index] ?? 'unknown']));
  }

  /** The new objects of a request: its own, the empty tree, and what of the lent ones its values reach. */
  #pushed(updates: readonly RefUpdate[], { objects, foreign }: SwapOptions): Map<Oid, StoredObject> {
    const pushed = new Map<Oid, StoredObject>();
    for (const { oid, body, type = 'commit' } of objects) {
      if (objectId(this.objectFormat, type, body) !== oid) throw mistake(`the ${type} is not ${oid}`);
      pushed.set(oid, { type, body });
    }
    if (objects.length > 0) pushed.set(emptyTreeOid(this.objectFormat), { type: 'tree', body: Buffer.alloc(0) });
    if (foreign === undefined) return pushed;
    const pending = updates.flatMap(({ to }) => to ?? []);
    for (let oid = pending.pop(); oid !== undefined; oid = pending.pop()) {
      const lent = this.#objects.has(oid) || pushed.has(oid) ? undefined : this.#lent.get(oid);
      if (lent === undefined) continue;
      pushed.set(oid, lent);
      pending.push(...parentsOf(lent));
    }
    return pushed;
  }

  /** Every value is known, with its parents; a new one with all that it brings. */
  #checkClosure({ ref, from, to }: RefUpdate, pushed: ReadonlyMap<Oid, StoredObject>): void {
    const pending = to === null ? [] : [to];
    const seen = new Set<Oid>();
    for (let oid = pending.pop(); oid !== undefined; oid = pending.pop()) {
      if (this.#objects.has(oid) || seen.has(oid)) continue;
      const object = pushed.get(oid);
      if (object === undefined) throw mistake(`${ref}: the server lacks ${oid}, and the request does not bring it`);
      seen.add(oid);
      pending.push(...parentsOf(object));
    }
    const isLog = ref.includes('/board/') && from !== null && to !== null && this.#objects.has(from);
    if (isLog && !this.#descends(to, from, pushed)) throw mistake(`${ref} may only move forward`);
  }

  #verdict({ ref, from, to }: RefUpdate, { atomic }: SwapOptions, pushed: ReadonlyMap<Oid, StoredObject>): RefAnswer {
    const { profile } = this;
    if (atomic && !profile.atomic) return 'refused';
    if (to === null && !profile.deletes) return 'refused';
    const isReplacement = from !== null && to !== null;
    if (!profile.nonFastForward && isReplacement && !this.#descends(to, from, pushed)) return 'refused';
    if ((this.#refs.get(ref) ?? null) !== from) return 'conflict';
    return from === null && this.#isBlocked(ref) ? 'conflict' : 'applied';
  }

  /** A ref can't be both file and folder (trap 12). */
  #isBlocked(ref: string): boolean {
    return [...this.#refs.keys()].some((other) => ref.startsWith(`${other}/`) || other.startsWith(`${ref}/`));
  }

  #descends(to: Oid, from: Oid, pushed: ReadonlyMap<Oid, StoredObject>): boolean {
    const seen = new Set<Oid>();
    const pending = [to];
    for (let oid = pending.shift(); oid !== undefined; oid = pending.shift()) {
      if (oid === from) return true;
      if (seen.has(oid)) continue;
      seen.add(oid);
      const object = pushed.get(oid) ?? this.#objects.get(oid);
      if (object !== undefined) pending.push(...parentsOf(object));
    }
    return false;
  }

  #move({ ref, to }: RefUpdate): void {
    if (to === null) this.#refs.delete(ref);
    else this.#refs.set(ref, to);
  }

  /** A client of its own, which may read what it was shown, and no more. */
  connect(): Transport {
    const shown = new Set<Oid>();
    const show = (oids: Iterable<Oid | null>) => {
      for (const oid of oids) if (oid !== null) shown.add(oid);
    };
    return {
      objectFormat: this.objectFormat,
      list: async (patterns) => {
        const refs = this.listNow(patterns);
        show(refs.values());
        return { refs, wentBack: new Set() };
      },
      values: async (refs) => this.listNow(refs),
      read: async (oids) => {
        for (const oid of oids) if (!shown.has(oid)) throw mistake(`no list and no write has shown ${oid}`);
        const commits = this.readNow(oids);
        for (const commit of commits.values()) if ('parents' in commit) show(commit.parents);
        return commits;
      },
      trees: async (oids) => {
        const trees = this.treesNow(oids);
        for (const body of trees.values()) show(parseTree(this.objectFormat, '160000', body).values());
        return trees;
      },
      compareAndSwap: async (updates, options) => {
        const answer = this.swapNow(updates, options);
        show(updates.map(({ to }) => to));
        show(options.objects.map(({ oid }) => oid));
        return answer;
      },
      close: async () => {},
    };
  }
}

function report(answers: readonly (readonly [string, RefAnswer])[]): SwapReport {
  const notApplied = answers.filter(([, answer]) => answer !== 'applied');
  return {
    answers: new Map(answers),
    message: notApplied.map(([ref, answer]) => `${ref}: ${answer}`).join(', '),
    locks: [],
  };
}

function parentsOf({ type, body }: StoredObject): readonly Oid[] {
  const commit = type === 'commit' ? parseCommit(body) : undefined;
  return commit !== undefined && 'parents' in commit ? commit.parents : [];
}

function deletionsLast(updates: readonly RefUpdate[]): RefUpdate[] {
  return [...updates.filter(({ to }) => to !== null), ...updates.filter(({ to }) => to === null)];
}

function mistake(message: string): CoordError {
  return new CoordError('internal', message);
}
