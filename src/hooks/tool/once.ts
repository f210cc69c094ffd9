/** What is said once a session: an empty file each in `coord/said`, named after the session and what was said. */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ageMsMax = 7 * 24 * 3_600_000;

const fileName = (text: string): string => text.replace(/[^A-Za-z0-9._@+-]/g, '_');

/** Whether it is the first time. Where that can't be noted it counts as said: nothing is said without an end. */
export function isFirst(coordDir: string, session: string, what: string): boolean {
  const folder = join(coordDir, 'said');
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, fileName(`${session}.${what}`)), '', { flag: 'wx' });
  } catch {
    return false;
  }
  forget(folder, (name) => Date.now() - statSync(join(folder, name)).mtimeMs > ageMsMax);
  return true;
}

/** The session is over. */
export function forgetSaid(coordDir: string, session: string): void {
  const start = fileName(`${session}.`);
  forget(join(coordDir, 'said'), (name) => name.startsWith(start));
}

function forget(folder: string, isOver: (name: string) => boolean): void {
  try {
    for (const name of readdirSync(folder)) if (isOver(name)) rmSync(join(folder, name), { force: true });
  } catch {
    // another hook was faster, or there is none
  }
}
