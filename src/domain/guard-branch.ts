import type { Landing } from './guard-task.ts';

/**
 * What a server lets a protected branch do (protocol 4). Pure.
 *
 * m → m'   in the transaction in which a task says that it lands so, and m' descends from m
 * m → m'   where every commit that is new is reachable from one that a task sent to review for this branch, or merges such
 * ∅ → m    an empty repository gets its first commits
 */
export interface BranchMove {
  readonly ref: string;
  readonly from: string | null;
  readonly to: string | null;
}

export interface NewCommit {
  readonly oid: string;
  readonly parents: readonly string[];
}

export interface MergeFacts {
  /** What the branch didn't have. */
  readonly fresh: readonly NewCommit[];
  /** Those of them that no commit in review reaches. */
  readonly unreviewed: readonly NewCommit[];
}

export const isLanding = ({ ref, from, to }: BranchMove, landings: readonly Landing[]): boolean =>
  landings.some((landed) => landed.ref === ref && landed.from === from && landed.commit === to);

/** A move that no task of the transaction says. `merge`: null when the branch would not go forward. */
export function objectToMerge(merge: MergeFacts | null): string | null {
  if (merge === null) return 'it would lose commits';
  const { fresh, unreviewed } = merge;
  if (unreviewed.length === fresh.length)
    return 'nothing in this push says that a task lands so, and nothing of it was in review';
  const isNew = new Set(fresh.map(({ oid }) => oid));
  // of a merge at least one side must be new, and none be there twice: else it is a commit like any other
  const isMerge = ({ parents }: NewCommit) =>
    parents.length > 1 && new Set(parents).size === parents.length && parents.some((parent) => isNew.has(parent));
  const stray = unreviewed.find((commit) => !isMerge(commit));
  return stray === undefined ? null : `${stray.oid.slice(0, 12)} was in no review`;
}
