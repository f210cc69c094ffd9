import { CoordError } from '../errors.ts';
import type { Oid, RefUpdate } from './port.ts';

const oidForm = { sha1: /^[0-9a-f]{40}$/, sha256: /^[0-9a-f]{64}$/ } as const;
const refNameMax = 1024;

/** Whether git takes this as a full ref name (`git check-ref-format`), below `refs/`. */
export function isRefName(ref: string): boolean {
  if (ref.length > refNameMax || !ref.startsWith('refs/') || ref.endsWith('.')) return false;
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{/.test(ref)) return false;
  return ref.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
}

/** Throws for a pattern of `list` that is neither a full ref name nor one that ends in `/`: a mistake in this program. */
export function checkPatterns(patterns: readonly string[]): void {
  for (const pattern of patterns) {
    const name = pattern.endsWith('/') ? pattern.slice(0, -1) : pattern;
    if (name !== 'refs' && !isRefName(name)) throw mistake(`malformed ref pattern ${JSON.stringify(pattern)}`);
  }
}

/** Throws for a request that no correct caller makes (traps 1 and 2): malformed, unchanged or named twice. */
export function checkUpdates(updates: readonly RefUpdate[], objectFormat: 'sha1' | 'sha256'): void {
  const seen = new Set<string>();
  for (const { ref, from, to } of updates) {
    if (!isRefName(ref)) throw mistake(`malformed ref ${JSON.stringify(ref)}`);
    if (seen.has(ref)) throw mistake(`${ref} stands twice in one request`);
    seen.add(ref);
    if (from === to) throw mistake(`${ref} would stay as it is: an unchanged ref guards nothing`);
    for (const oid of [from, to]) {
      if (oid !== null && !isOid(oid, objectFormat)) throw mistake(`malformed oid ${JSON.stringify(oid)} for ${ref}`);
    }
  }
}

/** Whether this is an object id of that format that an object can have: all zeros stands for "no object" in git. */
export function isOid(oid: Oid, objectFormat: 'sha1' | 'sha256'): boolean {
  return oidForm[objectFormat].test(oid) && !/^0+$/.test(oid);
}

function mistake(message: string): CoordError {
  return new CoordError('internal', message);
}
