import { stat } from 'node:fs/promises';
import type { NewCommit, Oid } from '../port.ts';
import type { ObjectFormat } from './object-id.ts';
import { parseCommit } from './parse-commit.ts';
import { loosePath, readLooseCommit } from './read-loose.ts';
import { writeLooseObjects } from './write-loose.ts';

/** A longer history than this is left to git. */
const commitsMax = 200;

/**
 * Copies a commit and its ancestors from one object folder to another, as far as they aren't there, without starting
 * git. False when that can't be done so: an object is packed, or the history is long.
 */
export async function copyLooseHistory(from: string, to: string, format: ObjectFormat, tip: Oid): Promise<boolean> {
  const found: NewCommit[] = [];
  const queue = [tip];
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (await isThere(to, oid)) continue;
    const body = found.length < commitsMax ? await readLooseCommit(from, oid) : null;
    const commit = body && parseCommit(body);
    if (!body || !commit || 'unreadable' in commit) return false;
    found.push({ oid, body });
    queue.push(...commit.parents);
  }
  // Parents first: whatever is there has its history, also when this ends half-way.
  await writeLooseObjects(to, format, found.reverse());
  return true;
}

async function isThere(folder: string, oid: Oid): Promise<boolean> {
  return stat(loosePath(folder, oid)).then(
    ({ size }) => size > 0,
    () => false,
  );
}
