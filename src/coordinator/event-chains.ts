import { agentEvent, type EventNote, eventLimits, isEventOf, type QueuedEvent } from '../domain/event.ts';
import { eventSubject } from '../domain/subjects.ts';
import { encodeCommit } from '../store/commit-codec.ts';
import type { NewCommit, Oid, RefAnswer, RefUpdate } from '../transport/port.ts';
import type { AgentBeat } from './agent-beats.ts';
import type { ChainTip, Context } from './context.ts';
import { kinds } from './record-kinds.ts';

/**
 * Agents' chains of events (protocol 2, 3). What is to be told waits in `coord/outbox` until it was pushed, and goes with the
 * agent's record. Of several processes, and clones, that write one chain the compare-and-swap lets one through; the others
 * read what is there and leave out what it told already.
 *
 *   applied    the events are on the chain, and leave the outbox
 *   otherwise  the chain is read: what it has of them leaves the outbox, the rest goes with the next push
 */
export interface ChainPush {
  readonly agent: string;
  readonly events: readonly QueuedEvent[];
  readonly end: ChainTip;
  readonly commits: readonly NewCommit[];
  readonly update: RefUpdate;
}

/** Together with the beats of a push they stay below what git keeps as a pack (trap 40). */
export const eventsInPushMax = 10;
/** How far back a chain is searched for events of ours: no more were ever sent at once. */
const searchedMax = 256;

export const hasQueued = (context: Context): boolean => context.outbox.all().length > 0;

/** Has an event pushed with the next push that carries the agent's record. False: too many wait already. */
export function queueEvent(context: Context, event: Omit<QueuedEvent, 'name'>): boolean {
  const waiting = context.outbox.all();
  if (waiting.some(({ id, by }) => id === event.id && by === event.by)) return true;
  if (waiting.length >= eventLimits.queued) return false;
  const name = `${numberAfter(waiting)}-${context.nonce().slice(0, 8).replace(/\W/g, '0')}`;
  context.outbox.put(name, { ...event, name });
  return true;
}

/** Behind all that waits, whichever process put it there, and whatever the clock says. */
function numberAfter(waiting: readonly QueuedEvent[]): string {
  const numbers = waiting.map(({ name }) => Number(/^[0-9]{9}(?=-)/.exec(name)?.[0] ?? 0));
  return String(Math.max(0, ...numbers) + 1).padStart(9, '0');
}

/** What the agent's new record tells. A repeat after a crash has the same id. */
export function queueAgentEvent(context: Context, { agent, note }: Pick<AgentBeat, 'agent' | 'note'>): void {
  const before = context.agents.get(agent)?.note ?? null;
  const told = agentEvent(before, note);
  if (told === null) return;
  const id = `${agent}-${before?.cycle ?? note.registeredAt}`;
  queueEvent(context, { ...told, id, by: agent, at: note.updatedAt });
}

/** What waits, on the ends of its agents' chains. @throws CoordError `unavailable` */
export async function dueChains(context: Context): Promise<ChainPush[]> {
  const agents = [...new Set(context.outbox.all().map(({ by }) => by))];
  const pushes: ChainPush[] = [];
  let left = eventsInPushMax;
  for (const agent of agents) {
    // the end first: whoever pushes takes its events out before it writes down the new end
    const end = knownEnd(context, agent) ?? (await readEnd(context, agent));
    const events = context.outbox.all().filter(({ by }) => by === agent);
    const some = events.slice(0, left);
    left -= some.length;
    if (some.length > 0) pushes.push(await chainPush(context, agent, end, some));
  }
  return pushes;
}

async function chainPush(
  context: Context,
  agent: string,
  end: ChainTip,
  events: readonly QueuedEvent[],
): Promise<ChainPush> {
  const isFull = end.seq - end.first + 1 >= eventLimits.chain;
  const isWhole = end.value !== null && end.value === end.tip;
  const begins = (isFull && context.profile.nonFastForward) || !isWhole;
  const carried =
    begins && end.value !== null && context.profile.nonFastForward ? await newest(context, agent, end) : [];
  const first = begins ? (carried[0]?.seq ?? end.seq + 1) : end.first;
  const told = [...carried, ...events.map((event, index) => ({ ...noted(event), seq: end.seq + index + 1 }))];
  const commits: NewCommit[] = [];
  let parent = begins && context.profile.nonFastForward ? null : end.value;
  for (const [index, event] of told.entries()) {
    const after = begins && index === 0 && end.tip !== null ? { tip: end.tip, seq: end.seq } : undefined;
    const commit = encoded(context, { ...event, first, ...(after && { after }) }, parent);
    commits.push(commit);
    parent = commit.oid;
  }
  const seq = end.seq + events.length;
  const update = { ref: context.store.layout.events(agent), from: end.value, to: parent };
  return { agent, events, end: { value: parent, tip: parent, seq, first }, commits, update };
}

type Told = Omit<EventNote, 'first' | 'after'>;

const noted = ({ id, type, by, at, data }: Omit<QueuedEvent, 'name'>): Omit<Told, 'seq'> => ({
  v: 1,
  kind: 'event',
  id,
  type,
  by,
  at,
  data,
});

/** Those that go along to a new chain, oldest first; what can't be read stays behind. */
async function newest(context: Context, agent: string, { tip, seq }: ChainTip): Promise<Told[]> {
  const entries = tip === null ? [] : await context.store.history(kinds.event, tip, eventLimits.carried);
  const notes = entries.flatMap((one) => (one.ok ? [one.note] : []));
  return notes
    .filter((note) => isEventOf(note, agent) && note.seq > seq - eventLimits.carried && note.seq <= seq)
    .map((note) => ({ ...noted(note), seq: note.seq }))
    .reverse();
}

function encoded(context: Context, note: EventNote, parent: Oid | null): NewCommit {
  return encodeCommit({
    objectFormat: context.store.objectFormat,
    parents: parent === null ? [] : [parent],
    agent: note.by,
    dateMs: Date.parse(note.at) || 0,
    subject: eventSubject(note),
    note,
  });
}

/** @throws CoordError `unavailable` when something isn't settled, and the chain can't be read */
export async function settleChains(
  context: Context,
  pushes: readonly ChainPush[],
  answers: ReadonlyMap<string, RefAnswer>,
): Promise<void> {
  for (const { agent, events, end, update } of pushes) {
    if (!context.profile.trusted || answers.get(update.ref) !== 'applied') await readEnd(context, agent);
    else {
      for (const { name } of events) context.outbox.remove(name);
      context.chains.put(agent, end);
    }
  }
}

/** Null: it has to be read. */
function knownEnd({ chains }: Context, agent: string): ChainTip | null {
  const end = chains.get(agent);
  return end !== null && end.seq <= eventLimits.seq ? end : null;
}

/**
 * Where the chain ends now: with the agent's last event, whatever somebody else has put upon it. What the chain has of our
 * events leaves the outbox.
 */
async function readEnd(context: Context, agent: string): Promise<ChainTip> {
  const ref = context.store.layout.events(agent);
  const value = (await context.store.read([ref])).records.get(ref)?.decoded.oid ?? null;
  const entries = value === null ? [] : await context.store.history(kinds.event, value, searchedMax);
  const own = entries.flatMap((one) => (one.ok && isEventOf(one.note, agent) ? [one] : []));
  const there = new Set(own.map(({ note }) => note.id));
  for (const { name, by, id } of context.outbox.all()) if (by === agent && there.has(id)) context.outbox.remove(name);
  const last = own.find(({ note }) => note.seq <= eventLimits.seq);
  const end =
    last === undefined
      ? { ...(knownEnd(context, agent) ?? { tip: null, seq: 0, first: 1 }), value }
      : { value, tip: last.oid, seq: last.note.seq, first: last.note.first };
  context.chains.put(agent, end);
  return end;
}
