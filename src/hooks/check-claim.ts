/**
 * Whether a task is held by whoever commits. Answered from `coord/held` alone when that shows a fresh lease; else the book
 * is read, so that the refusal can name the holder.
 */
import { join } from 'node:path';
import { bootId, placeOf, sinceBootMs } from '../config/boot.ts';
import type { Clone } from '../config/clone.ts';
import type { Who } from '../domain/seen.ts';
import { CoordError } from '../errors.ts';
import { fileFolder } from '../store/folder.ts';
import { type HeldEntry, heldLedger } from '../store/held-ledger.ts';
import { ownFolder } from '../store/own-folder.ts';

export type Verdict =
  | { readonly kind: 'held'; readonly term: number }
  | { readonly kind: 'refused'; readonly error: CoordError }
  /** The book could not be read. */
  | { readonly kind: 'unclear'; readonly error: CoordError };

/** The tenure that this clone's ledger knows as this claimant's, its lease still good by our own clock; or null. */
export function freshTenure(clone: Pick<Clone, 'coordDir' | 'commonDir'>, who: Who, task: string): HeldEntry | null {
  const folder = ownFolder(fileFolder(join(clone.coordDir, 'held')), placeOf(clone.commonDir));
  const entry = heldLedger(folder).get(task);
  if (entry === null || entry.agent !== who.agent || entry.session !== who.session) return null;
  const good = entry.boot === bootId() && sinceBootMs() < entry.untilBootMs && entry.state.lost !== true;
  return good ? entry : null;
}

const bypassHint = 'COORD_BYPASS=1 lets it through, and the commit says so.';

/** A refusal as the hook says it. */
export function hookError(error: CoordError): CoordError {
  const { code, message, next, data } = error;
  const hint = error.hint === undefined ? bypassHint : `${error.hint} ${bypassHint}`;
  return new CoordError(code, message, { hint, next, data });
}

export function notClaimed(task: string): CoordError {
  return new CoordError('not-ready', `${task} is not claimed: its work would be nobody's`, {
    next: [`git coord claim ${task}`],
  });
}

export function otherSession(error: CoordError, task: string, agent: string): CoordError {
  return new CoordError(error.code, `${error.message}, in another session of yours`, {
    hint: `${task} is held by ${agent} elsewhere: a claim belongs to an agent and a session of it.`,
    next: error.next,
    data: error.data,
  });
}
