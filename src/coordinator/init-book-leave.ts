import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CoordError } from '../errors.ts';
import type { Transport } from '../transport/port.ts';

/** What a clone keeps of one book: its tenures, sightings and the store mean nothing in another. */
const ofOneBook = [
  'held',
  'ended',
  'pending',
  'agents',
  'chains',
  'outbox',
  'watch',
  'watch-marks',
  'observed.json',
  'moving.json',
  'store.git',
];

/** Forgets what this clone kept of the book that it leaves. */
export async function forgetBook(coordDir: string): Promise<void> {
  await Promise.all(ofOneBook.map((name) => rm(join(coordDir, name), { recursive: true, force: true, maxRetries: 3 })));
}

/** Rounds of deleting refs that somebody still moves. */
const roundsMax = 5;

/**
 * Deletes refs of the clone itself, whatever they hold: a mirror, or what is left of a book without tasks.
 * @throws CoordError `unavailable` when they can't be deleted
 */
export async function deleteRefs(clone: Transport, patterns: readonly string[]): Promise<void> {
  let words = '';
  for (let round = 0; round < roundsMax; round++) {
    const { refs } = await clone.list(patterns);
    if (refs.size === 0) return;
    const deletions = [...refs].map(([ref, oid]) => ({ ref, from: oid, to: null }));
    words = (await clone.compareAndSwap(deletions, { atomic: true, objects: [] })).message;
  }
  throw new CoordError('unavailable', `${patterns.join(', ')} could not be deleted here: ${words}`, {
    next: ['git coord doctor'],
  });
}
