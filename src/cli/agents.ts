import { formatDuration } from '../config/durations.ts';
import { type AgentView, liveAgents, readAgents } from '../coordinator/read-agents.ts';
import { lacking } from '../domain/readiness.ts';
import type { Run } from './frame/spec.ts';
import { table } from './frame/table.ts';
import { readingBook } from './with-book.ts';

/** One that said `busy` without a task, or `error`, takes none. */
const canTakeMore = ({ status, tasks, limit }: AgentView): boolean =>
  status === 'busy' ? tasks.length > 0 && tasks.length < limit : status === 'available' && limit > 0;

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, book }) => {
    const { tasks } = await book.list();
    const skills = parsed.list('can') ?? [];
    const agents = liveAgents(await readAgents(app.context), tasks).filter(
      (agent) =>
        lacking({ requires: [...skills] }, agent.capabilities).length === 0 &&
        (!parsed.flag('available') || canTakeMore(agent)),
    );
    app.context.observed.save();
    const rows = agents.map(({ id, status, tasks: own, limit, host, capabilities, observed }) => [
      id,
      status,
      `${own.length}/${limit}`,
      host,
      status === 'busy' || status === 'offline' ? formatDuration(1000 * Math.round(observed.ageMs / 1000)) : '',
      [own.join(' '), capabilities.length > 0 ? `(${capabilities.join(' ')})` : ''].filter(Boolean).join(' '),
    ]);
    const columns = [
      { title: 'AGENT', paint: context.style.cyan },
      { title: 'STATUS' },
      { title: 'TASKS', align: 'right' as const },
      { title: 'HOST' },
      { title: 'UNMOVED', align: 'right' as const },
      { title: 'DOES', flexible: true },
    ];
    const text = table(columns, rows, { columns: context.terminal.columns, header: context.style.dim });
    return { data: { agents, asOf: app.asOf() }, text: text || 'no such agents\n' };
  });
