import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoordError } from '../errors.ts';
import { makeFolder } from '../transport/make-folder.ts';

/** A flat folder of small texts: what a clone keeps beside the book. Names are safe file names. */
export interface Folder {
  names(): string[];
  read(name: string): string | null;
  write(name: string, text: string): void;
  remove(name: string): void;
}

let counter = 0;

/** On disk; every write is a rename, so that a reader sees the old text or the new one, never a part. */
export function fileFolder(path: string): Folder {
  return {
    names: () => onDisk(() => unlessAbsent([], () => readdirSync(path).filter((name) => !name.endsWith('.new')))),
    read: (name) => onDisk(() => unlessAbsent(null, () => readFileSync(join(path, name), 'utf8'))),
    write: (name, text) => onDisk(() => replaceFile(path, name, text)),
    remove: (name) => onDisk(() => rmSync(join(path, name), { force: true })),
  };
}

function replaceFile(folder: string, name: string, text: string): void {
  makeFolder(folder);
  const beside = join(folder, `${name}.${process.pid}-${counter++}.new`);
  try {
    writeFileSync(beside, text);
    renameSync(beside, join(folder, name));
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** In memory, for tests and the simulation. What is written survives the "process", as on a disk. */
export function memoryFolder(): Folder {
  const files = new Map<string, string>();
  return {
    names: () => [...files.keys()],
    read: (name) => files.get(name) ?? null,
    write: (name, text) => void files.set(name, text),
    remove: (name) => void files.delete(name),
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function unlessAbsent<T>(otherwise: T, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return otherwise;
    throw error;
  }
}

const diskProblems: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'this is not permitted',
  EPERM: 'this is not permitted',
  EIO: 'the disk fails',
  EEXIST: 'a file stands where a folder belongs',
  ENOTDIR: 'a file stands where a folder belongs',
  EISDIR: 'a folder stands where a file belongs',
};

function onDisk<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    const problem = diskProblems[codeOf(error)];
    if (problem === undefined) throw error;
    throw new CoordError('unavailable', `${problem}: ${error instanceof Error ? error.message : ''}`, { cause: error });
  }
}
