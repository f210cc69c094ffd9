import { readFile, stat } from 'node:fs/promises';
import { type Json, limits } from '../../domain/task.ts';
import { nestingMax, nestingOf } from '../../store/commit-codec.ts';

/** The record around it has some. */
const resultNestingMax = nestingMax - 4;

export type ResultRead = { readonly ok: true; readonly result: Json } | { readonly ok: false; readonly why: string };

/** What a command wrote as its result: JSON, or nothing. */
export async function readResult(path: string): Promise<ResultRead> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.size === 0) return { ok: true, result: null };
  if (!found.isFile()) return { ok: false, why: 'the result is no file' };
  if (found.size > limits.resultBytes)
    return { ok: false, why: `the result has ${found.size} bytes; at most ${limits.resultBytes} fit` };
  const text = await readFile(path, 'utf8');
  if (nestingOf(text) > resultNestingMax)
    return { ok: false, why: `the result is nested deeper than ${resultNestingMax}` };
  try {
    return { ok: true, result: JSON.parse(text) as Json };
  } catch (error) {
    return { ok: false, why: `the result is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
