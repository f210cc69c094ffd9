import type { AgentNote } from '../domain/agent.ts';
import { beatsInCycle } from '../domain/lease-times.ts';
import { encodeCommit } from '../store/commit-codec.ts';
import type { HeldEntry } from '../store/held-ledger.ts';
import type { NewCommit, RefAnswer, RefUpdate } from '../transport/port.ts';
import type { Context } from './context.ts';

/**
 * The records of this clone's agents (protocol 3): registered with the first claim, then beaten as claims are, in the
 * same push. They are for people and for choosing who does what; nothing of safety rests on them.
 */
export interface AgentBeat {
  readonly agent: string;
  readonly note: AgentNote;
  /** It says something new, and needn't wait for a claim's beat. */
  readonly news: boolean;
  readonly commit: NewCommit;
  readonly update: RefUpdate;
}

/** The records that are due: changed, or not beaten for an interval of the shortest lease that the agent holds. */
export function dueAgents(context: Context, entries: readonly HeldEntry[]): AgentBeat[] {
  const agents = new Set([...entries.map((entry) => entry.agent), ...context.agents.all().map(({ note }) => note.id)]);
  return [...agents].flatMap(
    (agent) =>
      dueAgent(
        context,
        agent,
        entries.filter((entry) => entry.agent === agent),
      ) ?? [],
  );
}

function dueAgent(context: Context, agent: string, held: readonly HeldEntry[]): AgentBeat | null {
  const last = context.agents.get(agent);
  const tasks = held.map((entry) => entry.task).sort();
  const status = tasks.length > 0 ? 'busy' : 'available';
  const session = held[0]?.session ?? last?.note.session ?? '';
  const same = last?.settled === true && last.note.status === status && last.note.tasks.join() === tasks.join();
  // Without a claim nothing of the agent changes, and its record rests.
  if (same && held.length === 0) return null;
  const ttlMs = Math.min(...held.map((entry) => entry.ttlMs));
  if (same && context.clock.bootMs() - last.sentBootMs < context.intervalMs(ttlMs) / 2) return null;
  const at = context.clock.wall();
  const news = {
    ...context.registration,
    session,
    status,
    tasks,
    updatedAt: at,
    cycle: context.nonce().slice(0, 8),
    beat: 0,
  } as const;
  const note: AgentNote = same
    ? { ...last.note, beat: (last.note.beat + 1) % beatsInCycle }
    : { v: 1, kind: 'agent', id: agent, registeredAt: last?.note.registeredAt ?? at, ...news };
  return { ...beatOf(context, note, last?.oid ?? null), news: !same };
}

function beatOf(context: Context, note: AgentNote, from: string | null): Omit<AgentBeat, 'news'> {
  const chained = !context.profile.nonFastForward && from !== null;
  const commit = encodeCommit({
    objectFormat: context.store.objectFormat,
    parents: chained ? [from] : [],
    agent: note.id,
    dateMs: Date.parse(note.updatedAt) || 0,
    subject: `agent: ${note.id} is ${note.status}${note.tasks.length > 0 ? `: ${note.tasks.join(', ')}` : ''}`,
    note,
  });
  return { agent: note.id, note, commit, update: { ref: context.store.layout.agents(note.id), from, to: commit.oid } };
}

/** Keeps what was answered; where another value is there, the next round replaces that, as news. */
export async function settleAgents(
  context: Context,
  beats: readonly AgentBeat[],
  answers: ReadonlyMap<string, RefAnswer>,
): Promise<void> {
  const sentBootMs = context.clock.bootMs();
  for (const { agent, note, commit } of beats)
    context.agents.put(agent, { note, oid: commit.oid, sentBootMs, settled: true });
  const unsettled = beats.filter(({ update }) => answers.get(update.ref) !== 'applied');
  if (unsettled.length === 0) return;
  const read = await context.store.read(unsettled.map(({ update }) => update.ref));
  for (const { agent, note, update, commit } of unsettled) {
    const oid = read.records.get(update.ref)?.decoded.oid ?? null;
    context.agents.put(agent, { note, oid, sentBootMs, settled: oid === commit.oid });
  }
}
