import { formatDuration } from '../config/durations.ts';
import { expiryBasis, type Seen } from '../domain/seen.ts';
import type { BookView } from './book-view.ts';
import type { Context } from './context.ts';
import { bad, type Finding, good, someOf } from './diagnose.ts';
import { standstill } from './read-seen.ts';
import { isOurs } from './sweep.ts';

/** Claims of agents that are gone: by observation, as always (protocol 6), so a first look sees none. */
export function checkClaims(context: Context, { seen }: Pick<BookView, 'seen'>): Finding {
  const others = [...seen.values()].filter((one) => expiryBasis(one) !== null && !isOurs(context, one));
  const dead = others.flatMap((one) => {
    const { ageMs, expired } = standstill(context, one);
    const since = formatDuration(Math.round(ageMs / 1000) * 1000);
    return expired ? [`${one.id} (${holderOf(one)}, not moved for ${since})`] : [];
  });
  if (dead.length > 0) return bad('claims', `held by agents that are gone: ${someOf(dead)}`, 'git coord sweep', null);
  if (others.length === 0) return good('claims', 'nothing is held by others');
  return good(
    'claims',
    `${others.length} held by others; none stood still for its lease since this clone first saw it`,
  );
}

function holderOf({ task, lease }: Seen): string {
  const holder = task.kind === 'task' ? task.note.task.holder?.agent : undefined;
  return holder ?? (lease.kind === 'held' ? lease.claim.agent : 'unknown');
}
