import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { CoordError } from '../errors.ts';
import type { Context } from './frame/context.ts';

export interface Input {
  readonly text: string;
  /** As errors call it. */
  readonly name: string;
}

/**
 * A file's text, or with `-` that of standard input, of at most so many MiB.
 * @throws CoordError `usage` for what is no file, or a large one
 */
export async function readInput({ cwd }: Pick<Context, 'cwd'>, path: string, mibMax: number): Promise<Input> {
  const bytesMax = mibMax * 1024 * 1024;
  if (path === '-') return { text: await standardInput(bytesMax, mibMax), name: 'standard input' };
  const place = resolve(cwd, path);
  const found = await stat(place).catch(() => null);
  if (found === null) throw new CoordError('usage', `there is no file ${path}`);
  if (!found.isFile()) throw new CoordError('usage', `${path} is no file`);
  if (found.size > bytesMax) throw tooLarge(path, mibMax);
  return { text: await readFile(place, 'utf8'), name: basename(path) };
}

async function standardInput(bytesMax: number, mibMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge('standard input', mibMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const tooLarge = (name: string, mibMax: number): CoordError =>
  new CoordError('usage', `${name} is larger than ${mibMax} MiB`);
