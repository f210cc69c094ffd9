import type { Who } from '../domain/seen.ts';
import { encodeCommit } from '../store/commit-codec.ts';
import type { BookRead } from '../store/record-store.ts';
import type { NewObject, Oid, RefUpdate } from '../transport/port.ts';
import type { Context } from './context.ts';

/** The archive as this clone has seen it, of which the remote shows less (protocol 5 and 10). */
export interface LostArchive {
  /** What the remote shows; null: nothing. */
  readonly there: Oid | null;
  readonly kept: Oid;
  /** What was seen in it, by id. */
  readonly entries: ReadonlyMap<string, Oid>;
  /** Another history: what is missing there is added to it. */
  readonly isElsewhere: boolean;
}

/** Null: nothing of it is lost. @throws CoordError `unavailable` */
export async function lostArchive(
  { store }: Context,
  read: BookRead,
  kept: ReadonlyMap<string, Oid>,
): Promise<LostArchive | null> {
  const { archive } = store.layout;
  const tip = kept.get(archive);
  if (!read.wentBack.has(archive) || tip === undefined) return null;
  const there = read.records.get(archive)?.decoded.oid ?? null;
  const isElsewhere = there !== null && !(await store.isAncestor(there, tip, stepsMax));
  return { there, kept: tip, entries: await store.archive.all(tip), isElsewhere };
}

/** Batches that were archived since. */
const stepsMax = 10_000;

/** What puts it back: what was seen itself, or a commit on both histories. @throws CoordError `unavailable` */
export async function archiveMove(
  { store, clock, nonce }: Context,
  who: Who,
  { there, kept, entries, isElsewhere }: LostArchive,
): Promise<{ readonly updates: readonly RefUpdate[]; readonly objects: readonly NewObject[] }> {
  const ref = store.layout.archive;
  if (!isElsewhere || there === null) return { updates: [{ ref, from: there, to: kept }], objects: [] };
  const known = await store.archive.all(there);
  const missing = new Map([...entries].filter(([id]) => !known.has(id)));
  const { tree, trees } = await store.archive.grown(there, missing);
  const at = clock.wall();
  const commit = encodeCommit({
    objectFormat: store.objectFormat,
    tree,
    parents: [there, kept],
    agent: who.agent,
    dateMs: Date.parse(at),
    subject: `archive: ${missing.size} tasks put back`,
    note: { v: 1, kind: 'archive', by: who.agent, at, nonce: nonce(), tasks: [...missing.keys()] },
  });
  return { updates: [{ ref, from: there, to: commit.oid }], objects: [...trees, commit] };
}
