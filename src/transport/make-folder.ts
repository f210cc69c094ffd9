import { mkdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { CoordError } from '../errors.ts';

/**
 * Makes a folder of a clone's own, `coord` or one below, and what is missing above it up to `coord`. The git folder is never made:
 * a clone that was moved or deleted under a process would be begun anew in its old place.
 * @throws CoordError `unavailable` when the git folder is gone
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'EEXIST')
      mkdirSync(path, { recursive: true }); // no error where it is a folder
    else if (code !== 'ENOENT' || dirname(path) === path) throw error;
    else if (basename(path) === 'coord')
      throw new CoordError('unavailable', `${dirname(path)} is gone: this clone was moved or deleted`, {
        cause: error,
      });
    else {
      makeFolder(dirname(path));
      mkdirSync(path, { recursive: true });
    }
  }
}
