/**
 * The transport port: the three things that the protocol needs of the place where the book lives.
 *
 * A transport knows refs and commits, nothing of tasks. Every write is a compare-and-swap; what a report says of a ref
 * is what the other side answered, and the store settles what that means by reading again (protocol 5).
 *
 * Outcomes of a write, ref by ref:
 *   applied   the other side said that this ref moved
 *   conflict  it said that this ref was not at `from`, or was locked (both read the same: trap 4)
 *   refused   it said no for another reason: a hook, a policy, rights, a full disk
 *   unknown   the connection ended after the request was sent, and nothing was said of this ref
 *   unsent    nothing was sent: the other side was not reached, or the client's own check failed for another ref
 */
export type Oid = string;

export interface RefUpdate {
  readonly ref: string;
  /** The value it must have now; null: it must not exist. */
  readonly from: Oid | null;
  /** The value it shall have; null: deleted. Never equal to `from`: an unchanged ref guards nothing (trap 2). */
  readonly to: Oid | null;
}

/** A commit of the book, made in process. `body` is the object without its header. */
export interface NewCommit {
  readonly oid: Oid;
  readonly body: Buffer;
  readonly type?: undefined;
}

/** A tree that one of them has; the empty one needn't be named. */
export interface NewTree {
  readonly oid: Oid;
  readonly body: Buffer;
  readonly type: 'tree';
}

export type NewObject = NewCommit | NewTree;

/** Objects of the user's clone that a landing's push carries, lent for that one push. */
export interface ForeignObjects {
  /** The clone's object folder (`$GIT_COMMON_DIR/objects`). */
  readonly objectDirectory: string;
  /** The clone's shallow file, whether or not it exists. */
  readonly shallowFile: string;
}

export interface SwapOptions {
  /** All refs or none. Without it every ref stands alone. */
  readonly atomic: boolean;
  /** New objects that the values need and the other side may lack. */
  readonly objects: readonly NewObject[];
  readonly foreign?: ForeignObjects | undefined;
}

export type RefAnswer = 'applied' | 'conflict' | 'refused' | 'unknown' | 'unsent';

export interface SwapReport {
  /** One answer for each ref of the request. */
  readonly answers: ReadonlyMap<string, RefAnswer>;
  /** The other side's own words, without control characters; empty when all was applied. */
  readonly message: string;
  /** What this clone remembers of it is being written; whoever looks there by itself sees it afterwards. Absent: it is written. */
  readonly noted?: Promise<void>;
  /** Lock files that the other side named as standing in the way (absolute paths there). */
  readonly locks: readonly string[];
}

export interface RefList {
  readonly refs: ReadonlyMap<string, Oid>;
  /** Refs whose value went back behind what this clone once saw there, or vanished (protocol 5). */
  readonly wentBack: ReadonlySet<string>;
}

/** A commit as a reader needs it. */
export interface CommitObject {
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  /** The committer date, for people: milliseconds since the epoch. */
  readonly committedMs: number;
  readonly message: string;
}

/** Why an object could not be read as a commit of the book. */
export type Unreadable = { readonly unreadable: 'missing' | 'not-a-commit' | 'oversized' };

/** Largest commit object that is read: the largest note (256 KiB) and its header. */
export const commitBytesMax = 256 * 1024 + 4096;
/** Largest tree that is read. */
export const treeBytesMax = 1024 * 1024;

export interface Transport {
  /** Which object hash the book uses. */
  readonly objectFormat: 'sha1' | 'sha256';
  /**
   * The values of all refs that match: a pattern that ends in `/` matches everything below it, any other exactly
   * that ref. Not a snapshot: a server lists ref by ref (trap 36).
   * @throws CoordError `unavailable` when the other side could not be asked. Never an empty list for that (trap 30).
   */
  list(patterns: readonly string[]): Promise<RefList>;
  /**
   * The values of those of these refs that are there, without their objects: a branch of code isn't brought into the store.
   * @throws CoordError `unavailable`
   */
  values(refs: readonly string[]): Promise<ReadonlyMap<string, Oid>>;
  /**
   * The commits of these oids, all of which a `list` of this transport or a write through it has shown, or a `read` as
   * the parent of another.
   * @throws CoordError `unavailable`
   */
  read(oids: readonly Oid[]): Promise<ReadonlyMap<Oid, CommitObject | Unreadable>>;
  /** The trees of these oids, without their headers, of commits that were read; those that aren't there are left out. @throws CoordError `unavailable` */
  trees(oids: readonly Oid[]): Promise<ReadonlyMap<Oid, Buffer>>;
  /**
   * A swap that moves this ref, with these objects lent, comes soon: what takes time for it may begin. Saves time and does nothing
   * else.
   */
  lend?(update: RefUpdate, foreign: ForeignObjects): void;
  /** Moves refs, each guarded by its old value. Updates are carried out in the order given. Never throws for a refusal. */
  compareAndSwap(updates: readonly RefUpdate[], options: SwapOptions): Promise<SwapReport>;
  /** Ends child processes. The transport may not be used afterwards. */
  close(): Promise<void>;
}
