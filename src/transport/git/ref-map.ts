/**
 * Which refs of the remote are fetched, and where they stand in the store.
 *
 *   refs/coord/remote/…        the book as the last fetch saw it: forced, pruned
 *   refs/coord/remote-other/…  other refs of the remote (a landing's target), likewise
 *   <prefix>board/…            kept: moved by fast-forward only (protocol 5, a book that went back)
 *   <prefix>archive/board      kept likewise: what is in its history has gone from the board rightly
 *   <prefix>coord/queue        kept: what was paused when it was last seen. It is no log, and follows whatever is shown but nothing
 *   refs/coord/book            the record by which the remote was last known as the book that is kept
 *   refs/coord/unsure/…        what was kept before that was noted, and the book didn't show then: perhaps another book's
 */
import type { Oid } from '../port.ts';

const bookRoot = 'refs/coord/remote/';
const otherRoot = 'refs/coord/remote-other/';

export interface RefMap {
  /** Where the store tracks this ref or prefix of the remote. */
  tracking(remote: string): string;
  /** The remote's ref that this tracking ref stands for. */
  remote(tracking: string): string;
  /** Whether the store keeps this ref of the remote, as a log that only grows. */
  isKept(remote: string): boolean;
  /** Where the store tracks all of the book. */
  readonly bookRoot: string;
  readonly keptPrefix: string;
  readonly archive: string;
  readonly queue: string;
}

/** `prefix` as in protocol 2: `refs/`, or `refs/heads/…/` for places that accept branches only. */
export function refMap(prefix: string): RefMap {
  const keptPrefix = `${prefix}board/`;
  const archive = `${prefix}archive/board`;
  return {
    tracking: (remote) =>
      remote.startsWith(prefix) ? bookRoot + remote.slice(prefix.length) : otherRoot + remote.slice('refs/'.length),
    remote: (tracking) =>
      tracking.startsWith(bookRoot)
        ? prefix + tracking.slice(bookRoot.length)
        : `refs/${tracking.slice(otherRoot.length)}`,
    isKept: (remote) => remote.startsWith(keptPrefix) || remote === archive,
    bookRoot,
    keptPrefix,
    archive,
    queue: `${prefix}coord/queue`,
  };
}

/**
 * The refspecs for these patterns. An exact ref is asked for as a glob too, because one that is missing is an error
 * otherwise; what it brings beyond that ref is filtered by `matching`. A pattern within another one is left out.
 */
export function refspecs(patterns: readonly string[], map: RefMap): string[] {
  const mapped = [...new Set(patterns)].map((remote) => ({ remote, tracking: map.tracking(remote) }));
  return mapped
    .filter(
      ({ tracking }) => !mapped.some((other) => other.tracking !== tracking && tracking.startsWith(other.tracking)),
    )
    .map(({ remote, tracking }) => `+${remote}*:${tracking}*`);
}

/** Whether one of the patterns means this ref: one that ends in `/` everything below it, another exactly that ref. */
export function matching(patterns: readonly string[]): (ref: string) => boolean {
  const exact = new Set(patterns);
  const prefixes = patterns.filter((pattern) => pattern.endsWith('/'));
  return (ref) => prefixes.some((prefix) => ref.startsWith(prefix)) || exact.has(ref);
}

/** The refs of `listed` (tracking refs of the store) that the patterns mean, by their names on the remote. */
export function selectRefs(
  listed: ReadonlyMap<string, Oid>,
  patterns: readonly string[],
  map: RefMap,
): Map<string, Oid> {
  const isWanted = matching(patterns.map((pattern) => map.tracking(pattern)));
  const selected = new Map<string, Oid>();
  for (const [tracking, oid] of listed) {
    if (isWanted(tracking)) selected.set(map.remote(tracking), oid);
  }
  return selected;
}
