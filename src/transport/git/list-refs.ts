import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoordError } from '../../errors.ts';
import { runGit } from '../git-process.ts';
import { listedRefs } from '../listed-refs.ts';
import type { Oid } from '../port.ts';
import { cleanWords } from './redact.ts';
import type { StoreOptions } from './store-repository.ts';

/**
 * All refs of the store below these names. A ref that git can't make sense of is left out by it with a warning; here it
 * is an error, because a claim that isn't shown would be taken for free (trap 30).
 * @throws CoordError `unavailable`
 */
export async function listStoreRefs(store: StoreOptions, names: readonly string[]): Promise<Map<string, Oid>> {
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', ...names];
  const { status, stdout, stderr } = await runGit(args, {
    gitDir: store.store,
    env: store.env,
    timeoutMs: store.timeoutMs,
  });
  if (status !== 0 || /broken ref/.test(stderr)) {
    throw new CoordError('unavailable', `the store ${store.store} could not be read: ${cleanWords(stderr)}`);
  }
  return listedRefs(stdout);
}

/**
 * Those of exactly these refs that the store has, without starting git. Null: only git can tell.
 *
 * As git's own files are laid out (gitrepository-layout): a loose ref goes over a packed one, and one that is being packed is
 * written there before its file goes, so that to look at the file first finds it in either place.
 */
export function readStoreRefs({ store }: StoreOptions, names: readonly string[]): Map<string, Oid> | null {
  if (existsSync(join(store, 'reftable'))) return null;
  const refs = new Map<string, Oid>();
  try {
    const texts = names.map((name) => [name, textOf(join(store, name))] as const);
    const isPacked = texts.some(([, text]) => text === null);
    const packed = isPacked ? (textOf(join(store, 'packed-refs')) ?? '') : '';
    for (const [name, text] of texts) {
      const oid = text === null ? packedIn(packed, name) : wholeOid.exec(text)?.[1];
      if (oid === undefined) return null;
      if (oid !== null) refs.set(name, oid);
    }
    return refs;
  } catch {
    return null;
  }
}

const wholeOid = /^([0-9a-f]{40}|[0-9a-f]{64})\n$/;

/** Null: it isn't there; undefined: it is, in a way that git must make sense of. */
function packedIn(packed: string, name: string): Oid | null | undefined {
  const at = packed.indexOf(` ${name}\n`);
  if (at === -1) return null;
  const line = packed.slice(packed.lastIndexOf('\n', at) + 1, at);
  return wholeOid.exec(`${line}\n`)?.[1];
}

/** Null: no such file. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null;
    throw error;
  }
}
