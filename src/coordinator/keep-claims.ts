import type { HeldEntry, HeldState } from '../store/held-ledger.ts';
import { dueAgents } from './agent-beats.ts';
import type { Context } from './context.ts';
import { hasQueued } from './event-chains.ts';
import { seenOf } from './read-seen.ts';
import { type Beat, checkTenure, renewClaims } from './renew-claims.ts';
import { endTenure } from './sweep.ts';

/**
 * One round of the daemon for the tenures of this clone (protocol 7, 9): ends those whose owner or time is gone, beats
 * those that are due in one push, and reads their tasks in one request, since only the task says whose the tenure is.
 */
export interface KeepReport {
  readonly beaten: ReadonlyMap<string, Beat>;
  readonly ended: readonly { readonly task: string; readonly reason: 'owner-gone' | 'timeout' }[];
}

export type OwnerGone = (owner: NonNullable<HeldState['owner']>) => boolean;

/** How long the entry of a lost tenure is kept, for its holder to be told. */
const lostEntryMs = 24 * 3_600_000;

/** @throws CoordError `unavailable` */
export async function keepClaims(context: Context, ownerGone: OwnerGone): Promise<KeepReport> {
  const ended: { task: string; reason: 'owner-gone' | 'timeout' }[] = [];
  const living: HeldEntry[] = [];
  for (const entry of context.held.all()) {
    if (isStale(context, entry)) context.held.remove(entry.task);
    // After a reboot a claim is beaten only once a command of its session has run, which renews its boot.
    if (entry.state.lost || entry.state.unsaid || entry.boot !== context.boot) continue;
    const reason = endReason(context, entry, ownerGone);
    if (reason === null) living.push(entry);
    else if ((await endTenure(context, entry, reason))?.kind === 'won') ended.push({ task: entry.task, reason });
  }
  return { beaten: await beatDue(context, living), ended };
}

function isStale(context: Context, entry: HeldEntry): boolean {
  return (
    entry.state.lost === true &&
    (entry.boot !== context.boot || context.clock.bootMs() - entry.state.activeBootMs > lostEntryMs)
  );
}

function endReason(context: Context, { state }: HeldEntry, ownerGone: OwnerGone): 'owner-gone' | 'timeout' | null {
  if (state.owner && ownerGone(state.owner)) return 'owner-gone';
  const idleMs = context.clock.bootMs() - state.activeBootMs;
  return state.timeoutMs > 0 && idleMs > state.timeoutMs ? 'timeout' : null;
}

/** When one is due, all that may be beaten go along: claims of one ttl fall into step, at one push an interval. */
async function beatDue(context: Context, entries: readonly HeldEntry[]): Promise<ReadonlyMap<string, Beat>> {
  const sinceMs = (entry: HeldEntry) => context.clock.bootMs() - entry.state.sentBootMs;
  const anyDue = entries.some((entry) => sinceMs(entry) >= context.intervalMs(entry.ttlMs));
  const agents = dueAgents(context, entries);
  if (!anyDue && !agents.some(({ news }) => news) && !hasQueued(context)) return new Map();
  const along = anyDue ? entries.filter((entry) => sinceMs(entry) >= context.intervalMs(entry.ttlMs) / 2) : [];
  const requests = along.map((entry) => ({ entry, news: null }));
  const beaten = await renewClaims(context, requests, agents);
  return new Map([...beaten, ...(await checkTenures(context, along, beaten))]);
}

async function checkTenures(
  context: Context,
  entries: readonly HeldEntry[],
  beaten: ReadonlyMap<string, Beat>,
): Promise<[string, Beat][]> {
  const { layout } = context.store;
  const unread = entries.filter((entry) => beaten.get(entry.task) === 'renewed');
  if (unread.length === 0) return [];
  const read = await context.store.read(
    unread.flatMap((entry) => [layout.board(entry.task), layout.claims(entry.task)]),
  );
  const found: [string, Beat][] = [];
  for (const { task, tenure } of unread) {
    // The entry as the beat left it; a command may have ended the tenure meanwhile.
    const entry = context.held.get(task);
    if (entry?.tenure !== tenure) continue;
    const beat = await checkTenure(context, entry, seenOf(context, read, task));
    if (beat !== 'renewed') found.push([task, beat]);
  }
  return found;
}
