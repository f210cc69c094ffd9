import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `sun_path` holds 104 bytes on some systems, its end included. */
const pathBytesMax = 103;

/**
 * Where the daemon listens: `coord/daemon.sock`, or, where that path is too long for a socket, a folder of our own below
 * the temporary one. Makes that folder.
 * @throws Error when it can't be made
 */
export function socketPlace(coordDir: string, tmp: string): string {
  const direct = join(coordDir, 'daemon.sock');
  if (Buffer.byteLength(direct) <= pathBytesMax) return direct;
  const name = `git-coord-${createHash('sha256').update(coordDir).digest('hex').slice(0, 16)}`;
  const fits = Buffer.byteLength(join(tmp, `${name}-XXXXXX`, 'daemon.sock')) <= pathBytesMax;
  return join(privateFolder(join(fits ? tmp : '/tmp', name)), 'daemon.sock');
}

/** The temporary folder is everybody's: a folder that somebody else has put there is left to them. */
function privateFolder(path: string): string {
  return isPrivate(path) ? path : mkdtempSync(`${path}-`);
}

/**
 * The folder of a place, made again if the daemon before us took it away when it ended.
 * @throws Error when somebody else has put one there meanwhile
 */
export function ensureSocketFolder(coordDir: string, place: string): void {
  const folder = dirname(place);
  if (folder !== coordDir && !isPrivate(folder)) throw new Error(`${folder} is not ours`);
}

/** Makes the folder where there is none. False: it is somebody else's. */
function isPrivate(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const found = lstatSync(path);
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}
