import type { AgentStatus } from '../domain/agent.ts';
import { CoordError } from '../errors.ts';
import type { Run } from './frame/spec.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) => {
  const [action, status] = parsed.positionals;
  const capabilities = parsed.list('capability');
  if (action === 'set' && status === undefined) throw wrongCall('agent set needs a status', 'set available');
  if (action === 'set' && capabilities !== undefined)
    throw wrongCall('what an agent can do is registered', 'register --capability typescript');
  if (action === 'register' && status !== undefined)
    throw wrongCall('agent register takes no status', 'register --capability typescript');
  if (capabilities?.length === 0)
    throw wrongCall('--capability names no capability', 'register --capability typescript');
  return withBook(context, parsed, async ({ book }) => {
    if (action === 'set') {
      const agent = await book.setStatus(status as AgentStatus);
      return { data: agent, text: `${agent.id}: ${agent.status}\n` };
    }
    const agent = await book.registerAgent({ capabilities });
    const can = agent.capabilities.length > 0 ? `, can ${agent.capabilities.join(', ')}` : '';
    return { data: agent, text: `${agent.id}: registered${can}\n` };
  });
};

const wrongCall = (message: string, next: string): CoordError =>
  new CoordError('usage', message, { next: [`git coord agent ${next}`] });
