import { openApp } from '../app/open-app.ts';
import { type AgentView, readAgents } from '../coordinator/read-agents.ts';
import { registerAgent } from '../coordinator/register-agent.ts';
import { CoordError } from '../errors.ts';
import type { Context } from './frame/context.ts';

export interface Registration {
  /** This agent's record is in the book. */
  readonly registered: boolean;
  /** The others that are there. */
  readonly agents: readonly Pick<AgentView, 'id' | 'host' | 'status' | 'tasks'>[];
}

/**
 * Registers this agent in the book that the clone now uses, unless it is, and sees who else is there. The book stands by
 * then: when the remote takes no more, that is said and nothing else; the agent's first claim registers it.
 */
export async function joinAgents(context: Context, wasThere: boolean): Promise<Registration> {
  const { cwd, agent: agentFlag, warn } = context;
  const app = await openApp({ cwd, env: context.env as NodeJS.ProcessEnv, agentFlag, warn: () => {} });
  try {
    const last = app.context.agents.get(app.who.agent);
    if (last?.settled !== true) await registerAgent(app.context, app.who, { capabilities: last?.capabilities });
    const all = wasThere ? await readAgents(app.context) : [];
    const others = all.filter(({ id }) => id !== app.who.agent);
    return { registered: true, agents: others.map(({ id, host, status, tasks }) => ({ id, host, status, tasks })) };
  } catch (error) {
    if (!(error instanceof CoordError) || !['unavailable', 'unknown'].includes(error.code)) throw error;
    warn(`this agent is not registered yet: ${error.message}`);
    return { registered: false, agents: [] };
  } finally {
    await app.close();
  }
}
