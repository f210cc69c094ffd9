import type { AgentNote, AgentStatus } from '../domain/agent.ts';
import { beatsInCycle } from '../domain/lease-times.ts';
import type { Who } from '../domain/seen.ts';
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
  /** What it was registered with by hand. */
  readonly capabilities: readonly string[] | undefined;
  readonly commit: NewCommit;
  readonly update: RefUpdate;
}

/** What somebody says of an agent; what is absent stays, or follows what it does. */
export interface AgentChange {
  readonly status?: AgentStatus;
  /** Null: those of the configuration again. */
  readonly capabilities?: readonly string[] | null;
}

/** What this agent can do: as it was registered, else as the configuration says. */
export function capabilitiesOf(context: Context, agent: string): readonly string[] {
  return context.agents.get(agent)?.capabilities ?? context.registration.capabilities;
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
  const same = last?.settled === true && last.note.tasks.join() === tasksOf(held).join();
  // Without a claim nothing of the agent changes, and its record rests.
  if (same && held.length === 0) return null;
  const ttlMs = Math.min(...held.map((entry) => entry.ttlMs));
  if (same && context.clock.bootMs() - last.sentBootMs < context.intervalMs(ttlMs) / 2) return null;
  if (!same) return agentNews(context, { agent, session: last?.note.session ?? '' }, held);
  const note = { ...last.note, beat: (last.note.beat + 1) % beatsInCycle };
  return { ...beatOf(context, note, last.oid), capabilities: last.capabilities, news: false };
}

const tasksOf = (held: readonly HeldEntry[]): string[] => held.map((entry) => entry.task).sort();

/** A record that says something new. A status that somebody set stands until the agent begins or ends a task. */
export function agentNews(
  context: Context,
  { agent, session }: Who,
  held: readonly HeldEntry[],
  change: AgentChange = {},
): AgentBeat {
  const last = context.agents.get(agent);
  const tasks = tasksOf(held);
  const follows = tasks.length > 0 ? 'busy' : 'available';
  const stands = last !== null && last.note.tasks.join() === tasks.join() ? last.note.status : follows;
  const named = change.capabilities === undefined ? last?.capabilities : (change.capabilities ?? undefined);
  const at = context.clock.wall();
  const note: AgentNote = {
    v: 1,
    kind: 'agent',
    id: agent,
    registeredAt: last?.note.registeredAt ?? at,
    ...context.registration,
    capabilities: [...(named ?? context.registration.capabilities)],
    session: held[0]?.session ?? session,
    status: change.status ?? stands,
    tasks,
    updatedAt: at,
    cycle: context.nonce().slice(0, 8),
    beat: 0,
  };
  return { ...beatOf(context, note, last?.oid ?? null), capabilities: named, news: true };
}

function beatOf(context: Context, note: AgentNote, from: string | null): Omit<AgentBeat, 'news' | 'capabilities'> {
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
  for (const { agent, note, commit, capabilities } of beats)
    context.agents.put(agent, { note, oid: commit.oid, sentBootMs, settled: true, capabilities });
  const unsettled = beats.filter(({ update }) => answers.get(update.ref) !== 'applied');
  if (unsettled.length === 0) return;
  const read = await context.store.read(unsettled.map(({ update }) => update.ref));
  for (const { agent, note, update, commit, capabilities } of unsettled) {
    const oid = read.records.get(update.ref)?.decoded.oid ?? null;
    context.agents.put(agent, { note, oid, sentBootMs, settled: oid === commit.oid, capabilities });
  }
}
