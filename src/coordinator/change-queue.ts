import type { QueueNote } from '../domain/agent.ts';
import { decideQueue, type QueueChange } from '../domain/decide-queue.ts';
import type { Who } from '../domain/seen.ts';
import { CoordError } from '../errors.ts';
import { encodeCommit } from '../store/commit-codec.ts';
import type { NewCommit } from '../transport/port.ts';
import { queueOf } from './book-view.ts';
import { type Context, decisionsMax } from './context.ts';

export interface QueueChanged extends Pick<QueueNote, 'paused' | 'labels'> {
  readonly changed: boolean;
}

/**
 * Pauses the queue, or labels of it, or goes on. It is settled by reading: what is there then is what was wanted, or it is
 * tried again; to do it twice changes nothing.
 * @throws CoordError `unavailable`, `unknown`, `not-ready` (a record of a newer version)
 */
export async function changeQueue(context: Context, who: Who, change: QueueChange): Promise<QueueChanged> {
  const { layout } = context.store;
  let changed = false;
  let why = '';
  let isUnknown = false;
  for (let tries = 0; tries < decisionsMax; tries++) {
    const read = await context.store.read([layout.queue]);
    const found = read.records.get(layout.queue)?.decoded;
    if (found?.ok === false)
      throw new CoordError('not-ready', `what is paused can't be read: ${found.why}`, { next: ['git coord doctor'] });
    const now = queueOf(context, read);
    const note = decideQueue(now, change);
    if (note === null) return shown(now, changed);
    const commit = encoded(context, who, note, found?.oid ?? null);
    const update = { ref: layout.queue, from: found?.oid ?? null, to: commit.oid };
    context.pushed();
    const report = await context.store.swap([update], { atomic: false, objects: [commit] });
    const answer = report.answers.get(layout.queue);
    why = report.message;
    if (answer === 'applied' && context.profile.trusted) return shown(note, true);
    isUnknown = answer === 'unknown';
    changed ||= answer === 'applied' || answer === 'unknown';
    if (answer !== 'applied') await context.clock.sleep(50 * (tries + 1) * (0.5 + context.random()));
  }
  if (isUnknown)
    throw new CoordError('unknown', `what is paused may or may not have been changed: ${why}`, {
      hint: 'The same command, run again, settles it; to do it twice changes nothing.',
    });
  throw new CoordError('unavailable', `what is paused could not be changed: ${why || 'others change it all the time'}`);
}

const shown = (queue: QueueNote | null, changed: boolean): QueueChanged => ({
  paused: queue?.paused ?? false,
  labels: queue?.labels ?? [],
  changed,
});

function encoded(context: Context, who: Who, note: QueueNote, from: string | null): NewCommit {
  const chained = !context.profile.nonFastForward && from !== null;
  const what = note.paused ? 'paused' : note.labels.length > 0 ? `paused: ${note.labels.join(', ')}` : 'open';
  return encodeCommit({
    objectFormat: context.store.objectFormat,
    parents: chained ? [from] : [],
    agent: who.agent,
    dateMs: Date.parse(context.clock.wall()),
    subject: `queue: ${what}`,
    note,
  });
}
