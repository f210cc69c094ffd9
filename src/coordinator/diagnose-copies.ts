import type { Transport } from '../transport/port.ts';
import { bad, type Finding, good, quoted, someOf } from './diagnose.ts';

/** What only a fetch of everything brings into a clone; `claims/` is shown there on purpose (protocol 1, "Mirror"). */
const spaces = ['board', 'agents', 'events', 'archive', 'coord'];

/**
 * Copies of the book among the refs of a clone whose book is on a remote: they grow old there, and `git push --mirror`
 * would put them back over what others have done since (trap 8).
 * @param clone the clone's own refs
 */
export async function checkCopies(clone: Transport, prefix: string): Promise<Finding> {
  const places = spaces.map((space) => `${prefix}${space}/`);
  const { refs } = await clone.list(places);
  if (refs.size === 0) return good('copies', 'no copies of the book among the refs of this clone');
  const detail = `${refs.size} refs of the book were fetched into this clone: ${someOf([...refs.keys()].sort())}`;
  const list = `git for-each-ref --format='delete %(refname) %(objectname)' ${places.map(quoted).join(' ')}`;
  return bad('copies', detail, `${list} | git update-ref --stdin`, null);
}
