import { existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CoordError } from '../errors.ts';

/**
 * Makes a folder of a clone's own, `coord` or one below, and what is missing above it up to `coord`. The git folder is never made,
 * nor is anything begun in what is left of one: a clone that was moved, or is being deleted, would come back in its old place.
 * @throws CoordError `unavailable` when there is no git folder, or a file in the place of one
 */
export function makeFolder(path: string): void {
  const [above, isTop] = [dirname(path), basename(path) === 'coord'];
  if (isTop && !existsSync(join(above, 'HEAD')))
    throw new CoordError('unavailable', `${above} is gone: this clone was moved or deleted`);
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    if (!isTop && !existsSync(above)) makeFolder(above);
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw error;
    throw new CoordError('unavailable', `a file stands where a folder belongs: ${path}`, { cause: error });
  }
}
