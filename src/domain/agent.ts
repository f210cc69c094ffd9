import * as z from 'zod/mini';
import { isId } from './ids.ts';

export type AgentStatus = 'initializing' | 'available' | 'busy' | 'error' | 'offline';

/** A registered agent (protocol 3). Its beats come round as a claim's do. */
export interface AgentNote {
  v: 1;
  kind: 'agent';
  id: string;
  host: string;
  session: string;
  project: string;
  capabilities: string[];
  status: AgentStatus;
  tasks: string[];
  limit: number;
  registeredAt: string;
  updatedAt: string;
  cycle: string;
  beat: number;
}

const name = z.string().check(z.maxLength(200));
const names = z.array(name).check(z.maxLength(1000));

export const agentNoteSchema: z.ZodMiniType<AgentNote> = z.object({
  v: z.literal(1),
  kind: z.literal('agent'),
  id: z.string().check(z.refine(isId, 'not an id')),
  host: name,
  session: name,
  project: name,
  capabilities: names,
  status: z.enum(['initializing', 'available', 'busy', 'error', 'offline']),
  tasks: names,
  limit: z.int().check(z.gte(0)),
  registeredAt: name,
  updatedAt: name,
  cycle: name,
  beat: z.int().check(z.gte(0), z.lte(63)),
});

/** The book's identity: which book this is, so that a recreated one is noticed (protocol 2). */
export interface FormatNote {
  v: 1;
  kind: 'format';
  book: string;
  at: string;
}

export const formatNoteSchema: z.ZodMiniType<FormatNote> = z.object({
  v: z.literal(1),
  kind: z.literal('format'),
  book: name,
  at: name,
});

/** What was paused: everything, or tasks of some labels. */
export interface QueueNote {
  v: 1;
  kind: 'queue';
  paused: boolean;
  labels: string[];
}

export const queueNoteSchema: z.ZodMiniType<QueueNote> = z.object({
  v: z.literal(1),
  kind: z.literal('queue'),
  paused: z.boolean(),
  labels: names,
});
