import { type AgentRecord, type AgentStatus, shownAgent } from '../domain/agent.ts';
import type { Who } from '../domain/seen.ts';
import { CoordError } from '../errors.ts';
import { type AgentChange, agentNews } from './agent-beats.ts';
import { type Context, decisionsMax } from './context.ts';
import { renewClaims } from './renew-claims.ts';

/** What an agent may say of itself; `busy` and `available` also follow what it does. */
export const settableStatuses = ['available', 'busy', 'error', 'offline'] as const;

const capabilitiesMax = 64;
const capability = /^[^\s\p{Cc}\p{Cf},]{1,200}$/u;

/**
 * Registers this agent, or again: what it can do is what is named, and none means what the configuration says.
 * @throws CoordError `usage`, `unavailable`
 */
export async function registerAgent(
  context: Context,
  who: Who,
  { capabilities = [] }: { readonly capabilities?: readonly string[] | undefined } = {},
): Promise<AgentRecord> {
  // programs may hand over anything
  if (!Array.isArray(capabilities))
    throw new CoordError('usage', "capabilities are a list of words, as ['typescript']");
  const wrong = capabilities.findIndex((one) => typeof one !== 'string' || !capability.test(one));
  if (wrong >= 0)
    throw new CoordError('usage', `${JSON.stringify(String(capabilities[wrong]).slice(0, 80))} is no capability`, {
      hint: 'A word of at most 200 characters, as typescript.',
    });
  if (capabilities.length > capabilitiesMax)
    throw new CoordError('usage', `at most ${capabilitiesMax} capabilities, not ${capabilities.length}`);
  return tell(context, who, { capabilities: capabilities.length > 0 ? [...new Set(capabilities)] : null });
}

/**
 * Sets this agent's status. It stands until the agent begins or ends a task.
 * @throws CoordError `usage`, `unavailable`
 */
export async function setStatus(context: Context, who: Who, status: AgentStatus): Promise<AgentRecord> {
  if (!settableStatuses.some((one) => one === status))
    throw new CoordError('usage', `${JSON.stringify(status)} is no status: ${settableStatuses.join(', ')}`);
  return tell(context, who, { status });
}

/** Sends the record, and what it tells, at once. Another process of the agent may be at it as well. */
async function tell(context: Context, who: Who, change: AgentChange): Promise<AgentRecord> {
  for (let tries = 0; tries < decisionsMax; tries++) {
    const held = context.held.all().filter((entry) => entry.agent === who.agent && !entry.state.lost);
    const beat = agentNews(context, who, held, change);
    await renewClaims(context, [], [beat]);
    if (context.agents.get(who.agent)?.settled) return shownAgent(beat.note);
    await context.clock.sleep(50 * (tries + 1) * (0.5 + context.random()));
  }
  throw new CoordError('unavailable', `the record of ${who.agent} could not be written: the remote does not take it`, {
    next: ['git coord doctor'],
  });
}
