import { agentNoteSchema, archiveNoteSchema, formatNoteSchema, queueNoteSchema } from '../domain/agent-schema.ts';
import { claimNoteSchema } from '../domain/claim-schema.ts';
import { eventNoteSchema } from '../domain/event-schema.ts';
import { taskNoteSchema } from '../domain/task-schema.ts';
import type { KindOf } from '../store/record-store.ts';

/** Which kind of record lives where (protocol 2, 3). */
export const kinds = {
  task: { name: 'task', version: 1, schema: taskNoteSchema },
  claim: { name: 'claim', version: 1, schema: claimNoteSchema },
  agent: { name: 'agent', version: 1, schema: agentNoteSchema },
  event: { name: 'event', version: 1, schema: eventNoteSchema },
  format: { name: 'format', version: 1, schema: formatNoteSchema },
  archive: { name: 'archive', version: 1, schema: archiveNoteSchema },
  queue: { name: 'queue', version: 1, schema: queueNoteSchema },
} as const;

export const kindOf: KindOf = (space, name) => {
  if (space === 'board') return kinds.task;
  if (space === 'claims') return kinds.claim;
  if (space === 'agents') return kinds.agent;
  if (space === 'archive') return name === 'board' ? kinds.archive : null;
  if (space === 'events') return kinds.event;
  return name === 'format' ? kinds.format : name === 'queue' ? kinds.queue : null;
};
