/**
 * The book as resources: `coord://tasks`, `coord://agents`, and one for each task and agent (`coord://tasks/<id>`). Listed are
 * tasks that are not over, and all agents.
 */
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { quoted } from '../domain/quoted.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import type { Changes } from './changes.ts';
import type { Answered, Commands } from './commands.ts';
import { documentOf, errorShown } from './documents.ts';
import type { Sdk } from './sdk.ts';
import type { Turns } from './turns.ts';

const pageMax = 100;
const notFound = -32_002;
const mimeType = 'application/json';
const unfinished = ['--state=open,claimed,review,failed'];

const roots = {
  tasks: {
    uri: 'coord://tasks',
    name: 'tasks',
    title: 'Tasks',
    description: 'All that is not over, in order',
    mimeType,
  },
  agents: { uri: 'coord://agents', name: 'agents', title: 'Agents', description: 'Who is there, doing what', mimeType },
};
const templates = [
  { uriTemplate: 'coord://tasks/{id}', name: 'task', title: 'A task', mimeType },
  { uriTemplate: 'coord://agents/{id}', name: 'agent', title: 'An agent', mimeType },
];

interface Agent {
  readonly id: string;
  readonly status: string;
  readonly tasks: readonly string[];
}

export function answerResources(server: Server, sdk: Sdk, commands: Commands, turns: Turns, changes: Changes): void {
  const silent = { notice: () => {}, warn: () => {} };
  const look: Look = (words) => commands.run(words, silent);
  /** For requests, which have no other way to say no. */
  const answering = async <T>(uri: string | undefined, work: () => Promise<T>): Promise<T> => {
    try {
      return await turns.run(false, work);
    } catch (error) {
      if (!(error instanceof CoordError)) throw error;
      const code = error.code === 'not-found' ? notFound : sdk.ErrorCode.InternalError;
      const shown = errorShown(error);
      throw new sdk.McpError(code, shown.message, { uri, ...shown });
    }
  };
  server.setRequestHandler(sdk.ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: templates }));
  server.setRequestHandler(sdk.ListResourcesRequestSchema, ({ params }) =>
    answering(undefined, async () => {
      const start = params?.cursor === undefined ? 0 : Number(params.cursor);
      if (!Number.isSafeInteger(start) || start < 0)
        throw new sdk.McpError(sdk.ErrorCode.InvalidParams, 'this cursor is none of ours');
      await changes.begin();
      const resources = await listed(look);
      const next = start + pageMax < resources.length ? { nextCursor: String(start + pageMax) } : {};
      return { resources: resources.slice(start, start + pageMax), ...next };
    }),
  );
  server.setRequestHandler(sdk.ReadResourceRequestSchema, ({ params: { uri } }) =>
    answering(uri, async () => {
      const answered = await read(uri, look);
      return { contents: [{ uri, mimeType, text: JSON.stringify(documentOf(answered)) }] };
    }),
  );
  server.setRequestHandler(sdk.SubscribeRequestSchema, ({ params: { uri } }) =>
    answering(uri, async () => {
      placeOf(uri);
      await changes.begin();
      changes.subscribe(uri);
      return {};
    }),
  );
  server.setRequestHandler(sdk.UnsubscribeRequestSchema, ({ params: { uri } }) => {
    changes.unsubscribe(uri);
    return {};
  });
}

type Look = (words: readonly string[]) => Promise<Answered>;

async function listed(look: Look) {
  const [tasks, agents] = await Promise.all([look(['list', ...unfinished]), look(['agents'])]);
  return [
    roots.tasks,
    roots.agents,
    ...(tasks.data as { tasks: TaskView[] }).tasks.map(({ id, state, title }) => ({
      ...{ uri: `${roots.tasks.uri}/${id}`, name: id, mimeType },
      description: `${state}; its title, written by others: ${quoted(title)}`,
    })),
    ...(agents.data as { agents: Agent[] }).agents.map(({ id, status, tasks: own }) => ({
      ...{ uri: `${roots.agents.uri}/${id}`, name: id, mimeType },
      description: `agent, ${status}${own.length > 0 ? `: ${own.join(', ')}` : ''}`,
    })),
  ];
}

/** @throws CoordError `not-found`, and as the command does */
async function read(uri: string, look: Look): Promise<Answered> {
  const { kind, id } = placeOf(uri);
  if (kind === 'tasks') return id === null ? brief(await look(['list', ...unfinished])) : look(['show', '--', id]);
  const answered = await look(['agents']);
  if (id === null) return answered;
  const data = (answered.data as { agents: Agent[] }).agents.find((agent) => agent.id === id);
  if (data === undefined)
    throw new CoordError('not-found', `there is no agent ${quoted(id)}`, { next: ['git coord agents'] });
  return { ...answered, data };
}

/** Of each task what says whether to look at it. */
function brief({ data, failure }: Answered): Answered {
  const { tasks, asOf } = data as { tasks: TaskView[]; asOf: string };
  const rows = tasks.map(({ id, title, state, ready, priority, blockedBy, claim }) => ({
    ...{ id, title, state, ready, priority, blockedBy },
    heldBy: claim?.agent ?? null,
  }));
  return { data: { tasks: rows, asOf }, failure };
}

function placeOf(uri: string): { kind: 'tasks' | 'agents'; id: string | null } {
  const [, kind, id] = /^coord:\/\/(tasks|agents)(?:\/([^/?#%]+))?$/.exec(uri) ?? [];
  if (kind !== 'tasks' && kind !== 'agents')
    throw new CoordError('not-found', `there is no resource ${quoted(uri)}`, {
      hint: 'coord://tasks, coord://agents, coord://tasks/<id>, coord://agents/<id>',
    });
  return { kind, id: id ?? null };
}
