import * as z from 'zod/mini';
import type { AgentNote, ArchiveNote, FormatNote, QueueNote } from './agent.ts';
import { isId } from './ids.ts';
import { once } from './once.ts';

/** What a reader takes for an agent's, the format's and the queue's note (protocol 3). */

const name = once(() => z.string().check(z.maxLength(200)));
const names = once(() => z.array(name()).check(z.maxLength(1000)));

export const agentNoteSchema = once(
  (): z.ZodMiniType<AgentNote> =>
    z.object({
      v: z.literal(1),
      kind: z.literal('agent'),
      id: z.string().check(z.refine(isId, 'not an id')),
      host: name(),
      session: name(),
      project: name(),
      capabilities: names(),
      status: z.enum(['initializing', 'available', 'busy', 'error', 'offline']),
      tasks: names(),
      limit: z.int().check(z.gte(0)),
      registeredAt: name(),
      updatedAt: name(),
      cycle: name(),
      beat: z.int().check(z.gte(0), z.lte(63)),
    }),
);

export const formatNoteSchema = once(
  (): z.ZodMiniType<FormatNote> =>
    z.object({
      v: z.literal(1),
      kind: z.literal('format'),
      book: name(),
      at: name(),
    }),
);

export const archiveNoteSchema = once(
  (): z.ZodMiniType<ArchiveNote> =>
    z.object({
      v: z.literal(1),
      kind: z.literal('archive'),
      by: name(),
      at: name(),
      nonce: name(),
      tasks: names(),
    }),
);

export const queueNoteSchema = once(
  (): z.ZodMiniType<QueueNote> =>
    z.object({
      v: z.literal(1),
      kind: z.literal('queue'),
      paused: z.boolean(),
      labels: names(),
    }),
);
