/**
 * Writes loose objects as git does, without starting git: beside, then renamed, so that a crash or a full disk never
 * leaves half an object under its final name (git would skip writing it ever after). At once, not by way of the event loop,
 * where an object takes ten times as long.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { CoordError } from '../../errors.ts';
import type { NewObject, Oid } from '../port.ts';
import { emptyTreeOid, framed, type ObjectFormat, type ObjectType, objectId } from './object-id.ts';

/** gc removes empty fan-out folders, also between our making one and our using it. */
const fanOutAttemptsMax = 3;

/**
 * Writes the objects and the empty tree that most records have. Objects that are there already are only given a new date,
 * so that gc lets them live.
 * @throws CoordError `unavailable` when the disk is full or read-only, or the folder may not be written
 */
export async function writeLooseObjects(
  objectDirectory: string,
  format: ObjectFormat,
  objects: readonly NewObject[],
): Promise<void> {
  if (objects.length === 0) return;
  try {
    writeLoose(objectDirectory, emptyTreeOid(format), 'tree', Buffer.alloc(0));
    for (const { oid, body, type = 'commit' } of objects) {
      if (objectId(format, type, body) !== oid) throw new CoordError('internal', `the ${type} is not ${oid}`);
      writeLoose(objectDirectory, oid, type, body);
    }
  } catch (error) {
    throw error instanceof CoordError ? error : writeFailure(error, objectDirectory);
  }
}

function writeLoose(objectDirectory: string, oid: Oid, type: ObjectType, body: Buffer): void {
  const folder = join(objectDirectory, oid.slice(0, 2));
  const path = join(folder, oid.slice(2));
  if (freshen(path)) return;
  const bytes = deflateSync(framed(type, body));
  for (let attempt = 1; ; attempt++) {
    try {
      writeBeside(folder, path, bytes);
      return;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || attempt === fanOutAttemptsMax) throw error;
      makeFanOut(objectDirectory, folder);
    }
  }
}

/** Whether the object is there. An empty file is what a power cut leaves, and is written again. */
function freshen(path: string): boolean {
  const now = new Date();
  try {
    if (statSync(path).size === 0) return false;
    utimesSync(path, now, now);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    // another user's file in a shared repository can't be dated by us; it is there all the same
    if (codeOf(error) !== 'EPERM') throw error;
  }
  return true;
}

function writeBeside(folder: string, path: string, bytes: Buffer): void {
  // gc clears away what is named so
  const beside = join(folder, `tmp_obj_${randomBytes(8).toString('hex')}`);
  try {
    writeFileSync(beside, bytes, { mode: 0o444, flag: 'wx' });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** A new fan-out folder gets the rights of the object folder: in a shared repository others write there too. */
function makeFanOut(objectDirectory: string, folder: string): void {
  const { mode } = statSync(objectDirectory);
  try {
    mkdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    throw error;
  }
  chmodSync(folder, mode & 0o7777);
}

function writeFailure(error: unknown, objectDirectory: string): CoordError {
  const code = codeOf(error);
  const cause =
    { ENOSPC: 'disk full', EDQUOT: 'disk full (quota)', EROFS: 'read-only file system', EACCES: 'permission denied' }[
      code
    ] ?? (error instanceof Error ? error.message : String(error));
  return new CoordError('unavailable', `objects could not be written to ${objectDirectory}: ${cause}`, {
    cause: error,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
