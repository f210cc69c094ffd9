import { beatIsAllowed, nextBeat } from '../domain/beat.ts';
import type { HeldClaim } from '../domain/claim.ts';
import { repairLease } from '../domain/decide-claim.ts';
import { leaseIsGone } from '../domain/decide-expire.ts';
import { refused } from '../domain/decision.ts';
import { marginMs } from '../domain/lease-times.ts';
import type { Seen } from '../domain/seen.ts';
import type { Progress } from '../domain/task.ts';
import { CoordError } from '../errors.ts';
import type { HeldEntry } from '../store/held-ledger.ts';
import type { NewCommit, RefUpdate } from '../transport/port.ts';
import { type AgentBeat, settleAgents } from './agent-beats.ts';
import { encodeClaim } from './attempt.ts';
import type { Context } from './context.ts';
import { type ChainPush, dueChains, eventsInPushMax, queueAgentEvent, settleChains } from './event-chains.ts';
import { unlessBusy } from './ignoring-busy.ts';
import { observe, seenOf } from './read-seen.ts';
import { transition } from './transition.ts';

/**
 * Heartbeats (protocol 7): the due claims of this clone in one push, each ref alone, none forced. A beat is settled by
 * tenure: whatever beat the claim ref shows, if it is of our tenure we go on from there.
 *
 *   renewed   the remote holds our lease, good until the entry says
 *   early     less than half an interval since the last beat: nothing was sent
 *   lost      the task shows another tenure, or none; the entry is beaten no more
 *   unclear   neither: it is tried again when it is due
 */
export type Beat = 'renewed' | 'early' | 'lost' | 'unclear';

/** 100 objects in one push are kept as a pack, for ever (trap 40): 90 at most with the events, and the empty tree. */
const beatsInPushMax = 80;
const claimsInPushMax = 70;

export interface BeatRequest {
  readonly entry: HeldEntry;
  readonly news: Progress | null;
}

/** @throws CoordError `unavailable` when nothing could be asked */
export async function renewClaims(
  context: Context,
  requests: readonly BeatRequest[],
  agents: readonly AgentBeat[] = [],
): Promise<Map<string, Beat>> {
  const results = new Map<string, Beat>();
  const due = requests.filter(({ entry, news }) => {
    const allowed =
      news !== null ||
      entry.boot !== context.boot ||
      beatIsAllowed(context.intervalMs(entry.ttlMs), context.clock.bootMs() - entry.state.sentBootMs);
    if (!allowed) results.set(entry.task, 'early');
    return allowed;
  });
  // all that are due: whoever had to wait for a later round would wait for ever behind those that are due again by then
  let left = agents;
  for (let start = 0; start === 0 || start < due.length || left.length > 0; start += claimsInPushMax) {
    const batch = due.slice(start, start + claimsInPushMax);
    const some = agentsForPush(left, beatsInPushMax - batch.length);
    left = left.filter((beat) => !some.includes(beat));
    const along = await companions(context, some);
    if (batch.length + along.agents.length + along.chains.length === 0) break;
    const startedMs = context.clock.monoMs();
    try {
      const unsettled = await pushBeats(context, batch, along, results);
      if (unsettled.length > 0) await settleBeats(context, unsettled, results);
    } finally {
      countBeats(context, batch, results, context.clock.monoMs() - startedMs);
    }
  }
  return results;
}

/** What is news has an event to go with it, of which a push takes only some. */
function agentsForPush(agents: readonly AgentBeat[], max: number): AgentBeat[] {
  const news = agents.filter((beat) => beat.news).slice(0, eventsInPushMax);
  return [...news, ...agents.filter((beat) => !beat.news)].slice(0, max);
}

/** One that has no answer could not be asked for. */
function countBeats(
  context: Context,
  batch: readonly BeatRequest[],
  results: ReadonlyMap<string, Beat>,
  ms: number,
): void {
  const counts = new Map<string, number>();
  for (const { entry } of batch) {
    const result = results.get(entry.task) ?? 'error';
    counts.set(result, (counts.get(result) ?? 0) + 1);
  }
  for (const [result, times] of counts) context.measured('renew', result, ms, times);
}

/** What goes along with the beats of a push: agents' records, and what they and others have to tell. */
interface Companions {
  readonly agents: readonly AgentBeat[];
  readonly chains: readonly ChainPush[];
}

async function companions(context: Context, agents: readonly AgentBeat[]): Promise<Companions> {
  for (const beat of agents) if (beat.news) queueAgentEvent(context, beat);
  return { agents, chains: await dueChains(context) };
}

interface Sent {
  readonly request: BeatRequest;
  readonly claim: HeldClaim;
  readonly commit: NewCommit;
  /** When this very beat was first sent: the remote may have held it since. */
  readonly firstSentBootMs: number;
}

async function pushBeats(
  context: Context,
  requests: readonly BeatRequest[],
  { agents, chains }: Companions,
  results: Map<string, Beat>,
): Promise<Sent[]> {
  // Stamped before it is sent: the lease is good from then on, never from when the answer came.
  const sentBootMs = context.clock.bootMs();
  const sent = requests.map((request): Sent => {
    const { entry, news } = request;
    const lapsed = entry.boot !== context.boot || sentBootMs >= entry.untilBootMs;
    const claim = nextBeat(entry.state.claim as HeldClaim, news, lapsed, context.nonce().slice(0, 8));
    const commit = encodeClaim(context, claim, entry.state.claimParent, entry.state.claimOid);
    const { unconfirmed } = entry.state;
    const firstSentBootMs = unconfirmed?.oid === commit.oid ? unconfirmed.firstSentBootMs : sentBootMs;
    return { request, claim, firstSentBootMs, commit };
  });
  for (const one of sent) noteSent(context, one, sentBootMs);
  const { layout } = context.store;
  const updates = sent.map(
    ({ request, commit }): RefUpdate => ({
      ref: layout.claims(request.entry.task),
      from: request.entry.state.claimOid,
      to: commit.oid,
    }),
  );
  context.pushed();
  const report = await context.store.swap([...updates, ...[...agents, ...chains].map(({ update }) => update)], {
    atomic: false,
    objects: [...[...sent, ...agents].map(({ commit }) => commit), ...chains.flatMap(({ commits }) => commits)],
  });
  await settleAgents(context, agents, report.answers);
  const unsettled = sent.filter(({ request }) => report.answers.get(layout.claims(request.entry.task)) !== 'applied');
  const confirmed = context.profile.trusted ? sent.filter((one) => !unsettled.includes(one)) : [];
  for (const one of confirmed) {
    confirm(context, one.request.entry.task, one.claim, one.commit.oid, one.firstSentBootMs);
    results.set(one.request.entry.task, 'renewed');
  }
  const told = settleChains(context, chains, report.answers);
  // what was sent of claims counts, whatever is heard of the events: they go with the next push
  await (requests.length > 0 ? told.catch(unlessBusy) : told);
  return context.profile.trusted ? unsettled : sent;
}

/** The entry may have changed since it was read (a progress, an owner): only what is known here is replaced. */
function update(context: Context, task: string, tenure: string, change: (entry: HeldEntry) => HeldEntry): void {
  const entry = context.held.get(task);
  if (entry?.tenure === tenure) context.held.put(change(entry));
}

function noteSent(context: Context, { request, commit, firstSentBootMs }: Sent, sentBootMs: number): void {
  const { task, tenure } = request.entry;
  const unconfirmed = { oid: commit.oid, firstSentBootMs };
  update(context, task, tenure, (entry) => ({ ...entry, state: { ...entry.state, sentBootMs, unconfirmed } }));
}

function confirm(context: Context, task: string, claim: HeldClaim, claimOid: string, stampBootMs: number): void {
  update(context, task, claim.tenure, (entry) => ({
    ...entry,
    boot: context.boot,
    untilBootMs: stampBootMs + entry.ttlMs - marginMs(entry.ttlMs),
    state: { ...entry.state, claim, claimOid, unconfirmed: null },
  }));
}

async function settleBeats(context: Context, sent: readonly Sent[], results: Map<string, Beat>): Promise<void> {
  const { layout } = context.store;
  const tasks = sent.map(({ request }) => request.entry.task);
  const read = await context.store.read(tasks.flatMap((task) => [layout.board(task), layout.claims(task)]));
  for (const one of sent) {
    const { entry } = one.request;
    const seen = seenOf(context, read, entry.task);
    results.set(entry.task, await settleBeat(context, one, seen));
  }
}

async function settleBeat(
  context: Context,
  { request, commit, claim, firstSentBootMs }: Sent,
  seen: Seen,
): Promise<Beat> {
  const { entry } = request;
  const beat = await checkTenure(context, entry, seen);
  if (beat !== 'renewed') return beat;
  if (seen.lease.kind !== 'held') return 'unclear';
  if (seen.lease.oid === commit.oid) {
    confirm(context, entry.task, claim, commit.oid, firstSentBootMs);
    return 'renewed';
  }
  // Another process of this clone beat it, or ours didn't arrive: the next one starts from what is there.
  const { oid, claim: shown } = seen.lease;
  update(context, entry.task, entry.tenure, (now) => ({
    ...now,
    state: { ...now.state, claim: shown, claimOid: oid },
  }));
  return 'unclear';
}

/**
 * Whether a tenure of this clone still stands, by a read of both refs; puts the claim ref back where it is gone
 * (protocol 8, first row). `renewed` means only: it stands and its lease is there.
 */
export async function checkTenure(context: Context, entry: HeldEntry, seen: Seen): Promise<Beat> {
  if (seen.wentBack || seen.task.kind === 'bad') return 'unclear';
  const holder = seen.task.kind === 'task' ? seen.task.note.task.holder : null;
  if (holder?.tenure !== entry.tenure) {
    // The entry stays: whoever comes back with `done` claims a pruned task again, or is told (protocol 6).
    update(context, entry.task, entry.tenure, (now) => ({
      ...now,
      untilBootMs: 0,
      state: { ...now.state, lost: true },
    }));
    return 'lost';
  }
  if (!leaseIsGone(seen, entry, entry)) return 'renewed';
  observe(context, seen);
  return (await putLeaseBack(context, entry)) ? 'renewed' : 'unclear';
}

async function putLeaseBack(context: Context, entry: HeldEntry): Promise<boolean> {
  try {
    const outcome = await transition(context, {
      id: entry.task,
      who: entry,
      command: `git coord renew ${entry.task}`,
      asHolder: true,
      decide: ({ seen }, stamp) => {
        if (seen.task.kind !== 'task' || !leaseIsGone(seen, entry, entry)) return { kind: 'unchanged' };
        const decision = repairLease(seen.task.note.task, entry, context.nonce().slice(0, 8), stamp.at);
        return decision ?? refused({ reason: 'not-claimed' });
      },
    });
    return outcome.kind === 'won';
  } catch (error) {
    if (error instanceof CoordError && (error.code === 'unavailable' || error.code === 'unknown')) return false;
    throw error;
  }
}
