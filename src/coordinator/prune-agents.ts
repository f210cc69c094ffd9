import type { AgentNote } from '../domain/agent.ts';
import type { Context } from './context.ts';

/**
 * Agents that are gone for good. Whoever sweeps takes away the record of one that it has itself seen unchanged for a day,
 * and that holds nothing in the book (protocol 10), and with it the agent's events: by compare-and-swap, so that one which
 * has just come back stays. An agent that was only at rest registers again with the next thing it does.
 */
const prunedAfterMs = 24 * 3_600_000;
/** How often a sweeper looks: agents' records are read for nothing else here. */
const lookEveryMs = 10 * 60_000;
const lookMark = 'look at agents';
const prunedMax = 20;

/** @param holders agents that hold a task @throws CoordError `unavailable` */
export async function pruneAgents(context: Context, holders: ReadonlySet<string>): Promise<string[]> {
  const { observed, store, profile } = context;
  if (!profile.deletes || !isDue(context)) return [];
  const { layout } = store;
  const { records } = await store.read([layout.all('agents')]);
  const gone: string[] = [];
  for (const { ref, space, name, decoded } of records.values()) {
    if (space !== 'agents' || !decoded.ok) continue;
    // a beat that comes round is the same value again; the cycle of the news is not
    const { cycle } = decoded.note as AgentNote;
    const mark = `rest of ${ref}`;
    observed.saw(mark, cycle, Number.POSITIVE_INFINITY);
    const isOld = observed.ageMs(mark, cycle, Number.POSITIVE_INFINITY) >= prunedAfterMs;
    if (isOld && !holders.has(name) && gone.length < prunedMax && (await prune(context, name, decoded.oid)))
      gone.push(name);
  }
  observed.save();
  return gone;
}

function isDue({ observed }: Context): boolean {
  const ageMs = observed.ageMs(lookMark, 'done', Number.POSITIVE_INFINITY);
  if (ageMs > 0 && ageMs < lookEveryMs) return false;
  observed.forget(lookMark);
  observed.saw(lookMark, 'done', Number.POSITIVE_INFINITY);
  return true;
}

async function prune(context: Context, agent: string, oid: string): Promise<boolean> {
  const { layout } = context.store;
  const events = await context.store.value(layout.events(agent));
  const updates = [
    { ref: layout.agents(agent), from: oid, to: null },
    ...(events === null ? [] : [{ ref: layout.events(agent), from: events, to: null }]),
  ];
  context.pushed();
  const { answers } = await context.store.swap(updates, { atomic: context.profile.atomic, objects: [] });
  context.observed.forget(`rest of ${layout.agents(agent)}`);
  return answers.get(layout.agents(agent)) === 'applied';
}
