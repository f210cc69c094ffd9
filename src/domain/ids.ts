import { createHash } from 'node:crypto';
import { CoordError } from '../errors.ts';

const form = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const windowsDevice = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/;

/** Whether a text is an id of a task or an agent as protocol 2 has them: one safe component of a ref's name. */
export function isId(text: string): boolean {
  return (
    form.test(text) &&
    !text.includes('..') &&
    !text.endsWith('.') &&
    !text.endsWith('.lock') &&
    !windowsDevice.test(text)
  );
}

/**
 * An id as a person types it: capitals are folded, since two ids that differ in case alone are one file on some systems.
 * @throws CoordError `bad-id`
 */
export function parseId(text: string, what = 'task id'): string {
  // ASCII alone is folded: other letters, as the Kelvin sign, would become another id than was typed
  const id = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (isId(id)) return id;
  throw new CoordError('bad-id', `${JSON.stringify(text.slice(0, 80))} is no ${what}`, {
    hint: 'An id has 1 to 64 of a-z 0-9 . _ - and begins with a letter or digit; no "..", no "/", no "." or ".lock" at its end, no Windows device name.',
  });
}

/** A short id that two clones can't both choose; a collision is caught by the compare-and-swap. `random`: 0 <= x < 1. */
export function generateTaskId(random: () => number): string {
  const letters = '0123456789abcdefghjkmnpqrstvwxyz';
  let id = 't-';
  for (let i = 0; i < 7; i++) id += letters[Math.floor(random() * letters.length)];
  return id;
}

/**
 * The id of a task that was written down by its title alone: the same for the same title, so that reading the list again makes
 * nothing twice. `taken`: those that it can't have.
 */
export function idOfTitle(title: string, taken: ReadonlySet<string>): string {
  const plain = title
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();
  const words = plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 56)
    .replace(/^-+|-+$/g, '');
  const first = isId(words) ? words : `t-${createHash('sha256').update(title).digest('hex').slice(0, 10)}`;
  let id = first;
  for (let more = 2; taken.has(id); more++) id = `${first}-${more}`;
  return id;
}
