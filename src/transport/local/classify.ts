import type { RefAnswer } from '../port.ts';

/** The rename or removal of one ref failed when others may already have moved: half a transaction (trap 34). */
const halfDone = /couldn't set '|could not (?:delete|remove) reference|cannot update the ref '/;
const notAllowed =
  /Permission denied|Operation not permitted|No space left on device|Disk quota exceeded|Read-only file system|couldn't write '|nonexistent object|non-commit object|invalid ref format|bad object/;
const otherValue =
  /cannot lock ref|but expected|reference already exists|reference is missing|unable to resolve reference|cannot create '|File exists/;

/** What git's last words say of a ref transaction that it did not finish. No known words: nobody knows. */
export function classifyFailure(stderr: string): Extract<RefAnswer, 'conflict' | 'refused' | 'unknown'> {
  if (halfDone.test(stderr)) return 'unknown';
  if (notAllowed.test(stderr)) return 'refused';
  return otherValue.test(stderr) ? 'conflict' : 'unknown';
}

/** The lock files that git found in its way. */
export function locksNamed(stderr: string): string[] {
  return [...stderr.matchAll(/Unable to create '([^'\n]+\.lock)': File exists/g)].flatMap(([, path]) => path ?? []);
}
