/** A text file of a project that isn't ours: read and replaced as a whole, or left as it is. */
import { chmod, lstat, mkdir, readFile, realpath, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { CoordError } from '../../errors.ts';

/** Null: there is none. @throws CoordError `config` for what is no text in UTF-8: written back it would be another */
export async function readText(path: string): Promise<string | null> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw leftAsItIs(path, error.code === 'EISDIR' ? 'this is a folder' : `it can't be read (${error.code})`);
  });
  if (bytes === null) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw leftAsItIs(path, 'this is no text in UTF-8');
  }
}

/** @throws CoordError `config` where a file of this worktree can't be written: behind a link that leads elsewhere, or nowhere */
export async function checkPlace(root: string, path: string): Promise<void> {
  for (const place of [dirname(path), path]) {
    if ((await lstat(place).catch(() => null)) === null) return;
    const real = await realpath(place).catch(() => null);
    if (real === null) throw leftAsItIs(place, 'this link leads nowhere');
    if (!`${real}${sep}`.startsWith(`${await realpath(root)}${sep}`))
      throw leftAsItIs(place, 'this link leads out of the worktree');
    if (place !== path && !(await stat(place)).isDirectory()) throw leftAsItIs(place, 'this is no folder');
  }
}

const leftAsItIs = (path: string, why: string): CoordError =>
  new CoordError('config', `${path}: ${why}, so it was left as it is`, {
    hint: 'Put it right, and run the same command again.',
  });

/** As a whole, where a link leads to. @throws CoordError `unavailable` */
export async function replaceText(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const beside = `${target}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const facts = await stat(target).catch(() => null);
    await writeFile(beside, text);
    if (facts !== null) await chmod(beside, facts.mode & 0o7777);
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    const { code } = error as NodeJS.ErrnoException;
    throw new CoordError('unavailable', `${path} can't be written (${code})`, { cause: error });
  }
}

/** With its folder, when that is empty. A link stays, and what it leads to keeps the rest. @throws CoordError `unavailable` */
export async function removeFile(path: string, rest: string): Promise<void> {
  if ((await lstat(path)).isSymbolicLink()) return replaceText(path, rest);
  await rm(path, { force: true });
  await rmdir(dirname(path)).catch(() => {}); // when empty
}
