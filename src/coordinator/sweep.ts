import type { ArchivePolicy } from '../domain/decide-archive.ts';
import { decideEnd, decideExpire, type EndReason } from '../domain/decide-expire.ts';
import { expiryBasis, fits, type Seen, type Who } from '../domain/seen.ts';
import { isMine } from '../domain/tenure.ts';
import type { HeldEntry } from '../store/held-ledger.ts';
import { archiveTasks, clearArchivedClaim, dueIn, mayArchive } from './archive-tasks.ts';
import { type BookView, readBook } from './book-view.ts';
import type { Context } from './context.ts';
import { ignoringBusy, unlessBusy } from './ignoring-busy.ts';
import { pruneAgents } from './prune-agents.ts';
import { agentsIn } from './read-agents.ts';
import { standstill } from './read-seen.ts';
import { settleNeeds } from './settle-needs.ts';
import { type Outcome, transition } from './transition.ts';

/** Prunes what expired by observation, and repairs what no transition makes (protocol 6, 8). */
export interface SweepResult {
  expired: string[];
  repaired: string[];
  /** Cancelled because a need failed. */
  skipped: string[];
  /** Joins that are done. */
  joined: string[];
  archived: number;
  /** Agents that are gone for good. */
  pruned: string[];
}

export interface SweepLook extends SweepResult {
  /** How long until the next of what is held could have stood still long enough; null: nothing is held by others. */
  readonly waitMs: number | null;
  /** How many tasks are in review, and how many done by a landing: what is on their branches counts. */
  readonly code: { readonly reviews: number; readonly landings: number };
}

/**
 * One look.
 * @param archiving which finished tasks leave the board; null: none
 * @throws CoordError `unavailable` when the book can't be read
 */
export async function sweep(context: Context, who: Who, archiving: ArchivePolicy | null = null): Promise<SweepLook> {
  const startedMs = context.clock.monoMs();
  let result = 'error';
  try {
    const look = await sweepOnce(context, who, archiving);
    result = 'ok';
    return look;
  } finally {
    context.measured('sweep', result, context.clock.monoMs() - startedMs);
  }
}

async function sweepOnce(context: Context, who: Who, archiving: ArchivePolicy | null): Promise<SweepLook> {
  const book = await lookAtAll(context, who);
  const result: SweepResult = {
    expired: [],
    repaired: [],
    ...(await settleNeeds(context, who, book)),
    archived: 0,
    pruned: [],
  };
  let waitMs: number | null = null;
  for (const seen of book.seen.values()) {
    const basis = expiryBasis(seen);
    if (basis === null || isOurs(context, seen)) continue;
    const { ageMs, expired } = standstill(context, seen);
    const leftMs = Math.max(0, basis.ttlMs - ageMs);
    if (!expired) waitMs = waitMs === null ? leftMs : Math.min(waitMs, leftMs);
    else if (seen.task.kind !== 'absent') note(result, seen.id, await expireOne(context, who, seen.id));
    else if (await clearArchivedClaim(context, who, seen).catch(unlessBusy)) result.repaired.push(seen.id);
  }
  const holders = book.tasks.flatMap(({ claim }) => claim?.agent ?? []);
  result.pruned = (await pruneAgents(context, new Set(holders)).catch(unlessBusy)) ?? [];
  const reviews = book.tasks.filter(({ state }) => state === 'review').length;
  const landings = book.tasks.filter(
    ({ state, landed, review }) => state === 'done' && landed !== null && review === null,
  ).length;
  if (archiving !== null && mayArchive(context) && dueIn(context, book, archiving).length > 0)
    result.archived = await archiveSome(context, who, archiving);
  return { ...result, waitMs, code: { reviews, landings } };
}

/**
 * The tasks, and what else is shown of a book: readers take a sweeper's look for their own, and must not be shown agents as they
 * were when somebody last asked for those.
 */
async function lookAtAll(context: Context, who: Who): Promise<BookView> {
  const { layout } = context.store;
  const book = await readBook(context, who, [layout.all('agents'), layout.all('events'), layout.archive]);
  agentsIn(context, book.read);
  context.observed.save();
  return book;
}

async function archiveSome(context: Context, who: Who, policy: ArchivePolicy): Promise<number> {
  const archived = await archiveTasks(context, who, policy).catch(unlessBusy);
  return archived?.archived.length ?? 0;
}

/** A tenure of this clone that is beaten here, or will be put back by its holder. */
export function isOurs(context: Context, seen: Seen): boolean {
  const held = context.held.get(seen.id);
  if (held === null || seen.task.kind !== 'task') return false;
  const holds = isMine(seen.task.note.task.holder, held, held);
  return holds && held.boot === context.boot && context.clock.bootMs() < held.untilBootMs;
}

function note(result: SweepResult, id: string, outcome: Outcome | null): void {
  if (outcome?.kind !== 'won') return;
  (outcome.op === 'repair' ? result.repaired : result.expired).push(id);
}

async function expireOne(context: Context, who: Who, id: string): Promise<Outcome | null> {
  return ignoringBusy(() =>
    transition(context, {
      id,
      who,
      command: 'git coord sweep',
      decide: ({ seen }) => decideExpire(seen, standstill(context, seen).expired),
    }),
  );
}

/** Ends a tenure of this clone, whose owner process is gone or whose deadline passed (protocol 9). */
export async function endTenure(context: Context, entry: HeldEntry, reason: EndReason): Promise<Outcome | null> {
  const outcome = await ignoringBusy(() =>
    transition(context, {
      id: entry.task,
      who: entry,
      command: `git coord release ${entry.task}`,
      asHolder: true,
      decide: ({ seen }) => decideEnd(seen, entry, entry, reason),
    }),
  );
  if (outcome?.kind === 'won') await context.mirror.hide(entry.task);
  if (outcome?.kind === 'unchanged' && fits(outcome.seen)) context.held.remove(entry.task);
  return outcome;
}
