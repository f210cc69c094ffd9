import { CoordError } from '../../errors.ts';
import { runGit } from '../git-process.ts';
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
  const refs = new Map<string, Oid>();
  for (const line of stdout.toString('utf8').split('\n')) {
    const space = line.indexOf(' ');
    if (space !== -1) refs.set(line.slice(space + 1), line.slice(0, space));
  }
  return refs;
}
