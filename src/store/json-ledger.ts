import type { Folder } from './folder.ts';
import type { HeldState } from './held-ledger.ts';

/** A ledger of one JSON text for each name; a damaged one counts as absent. */
export interface JsonLedger<T> {
  get(name: string): T | null;
  all(): T[];
  put(name: string, value: T): void;
  remove(name: string): void;
}

export function jsonLedger<T>(folder: Folder): JsonLedger<T> {
  const get = (name: string): T | null => {
    const text = folder.read(name);
    if (text === null) return null;
    try {
      return JSON.parse(text) as T;
    } catch {
      return null;
    }
  };
  return {
    get,
    all: () =>
      folder
        .names()
        .sort()
        .flatMap((name) => get(name) ?? []),
    put: (name, value) => folder.write(name, `${JSON.stringify(value)}\n`),
    remove: (name) => folder.remove(name),
  };
}

/** `coord/ended/<task>`: the last tenure of a task that this clone ended itself, so that a repeat is no error. */
export interface EndedEntry {
  readonly task: string;
  readonly term: number;
  readonly tenure: string;
  readonly agent: string;
  readonly session: string;
  /** `lost`: another agent of this very clone took it over. */
  readonly op: 'release' | 'done' | 'fail' | 'review' | 'lost';
  /** Of a landing: where its branch was. A book may have moved since. */
  readonly landedAt?: 'remote' | 'clone';
}

export interface BranchMove {
  readonly ref: string;
  /** Null: the branch is new. */
  readonly from: string | null;
  readonly to: string;
  /** Absent where the book and the branch are refs of one repository. */
  readonly objects?: { readonly objectDirectory: string; readonly shallowFile: string } | undefined;
}

/**
 * `coord/pending/<name>`: an attempt, written before it is sent and removed when it is settled (protocol 5). It holds
 * all that is needed to send the very same push again. `command` tells which call would repeat it.
 */
export interface PendingEntry {
  readonly name: string;
  readonly command: string;
  readonly op: string;
  readonly task: string;
  readonly agent: string;
  readonly session: string;
  readonly taskFrom: string | null;
  readonly taskTo: string;
  /** The commit, base64. */
  readonly taskBody: string;
  readonly claimFrom: string | null;
  readonly claim:
    | { readonly kind: 'keep' }
    | { readonly kind: 'free' }
    | { readonly kind: 'hold'; readonly oid: string; readonly body: string; readonly record: unknown };
  /** A landing moves this branch in the same push; its objects are the clone's. */
  readonly branch?: BranchMove | undefined;
  /** Set for an operation of the holder, which follows its own beats. */
  readonly holderTenure: string | null;
  /** The tenure that this attempt ends, whosever it is. */
  readonly endsTenure: string | null;
  readonly via: string | null;
  /** For a claim: when it was first sent, and in which boot. */
  readonly boot: string;
  readonly sentBootMs: number;
  readonly ttlMs: number;
  /** The process with which the claim lives: known to all of this clone from the moment that the claim is. */
  readonly owner?: HeldState['owner'] | undefined;
}
